# Joins packages into one tree of links, as a profile is. Where two packages bring the same file, the first one wins.

use strict;
use warnings;
use Derivation qw(attributes output link_to);
use File::Path 'make_path';

sub join_folder {
    my ($from, $to) = @_;
    make_path($to);
    opendir my $folder, $from or die "$from: $!\n";
    for my $name (sort grep { !/^\.\.?$/ } readdir $folder) {
        my ($source, $target) = ("$from/$name", "$to/$name");
        if (-d $source) { join_folder($source, $target) }
        elsif (!-l $target && !-e $target) { link_to($source, $target) }
    }
    return;
}

my $out = output();
make_path("$out/bin");
for my $package (@{ attributes()->{paths} }) {
    for my $folder (@{ attributes()->{folders} }) {
        join_folder("$package$folder", "$out$folder") if -d "$package$folder";
    }
}
unlink map { "$out$_" } @{ attributes()->{without} };
