# Writes a file, and fails unless the given check accepts it.

use strict;
use warnings;
use Derivation qw(attributes output write_file);

my $out = output();
write_file($out, attributes()->{text});
chmod 0440, $out;
local $ENV{PATH} = '/usr/sbin:/usr/bin:/sbin:/bin';
system('/bin/sh', '-euc', attributes()->{check}, 'check', $out) == 0 or die "the check of $out failed\n";
