# Makes the tree behind /etc/static, and `copies`: a line for each file that becomes a copy instead of a link.

use strict;
use warnings;
use Derivation qw(attributes output write_file link_to);
use File::Path 'make_path';

my $out = output();
make_path("$out/etc");
my $copies = '';
for my $entry (@{ attributes()->{entries} }) {
    my $path = "$out/etc/$entry->{target}";
    if (defined $entry->{source}) { link_to($entry->{source}, $path) }
    elsif (defined $entry->{text}) { write_file($path, $entry->{text}) }
    else { die "environment.etc.\"$entry->{target}\" has neither text nor source\n" }
    $copies .= "$entry->{mode} $entry->{user} $entry->{group} $entry->{target}\n" if $entry->{mode} ne 'symlink';
}
write_file("$out/copies", $copies);
