# Writes one executable file.

use strict;
use warnings;
use Derivation qw(attributes output write_program);

write_program(output() . attributes()->{path}, attributes()->{text});
