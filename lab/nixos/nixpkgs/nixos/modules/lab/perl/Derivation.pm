package Derivation;

# What a derivation's builder needs: its attributes, its output, and files with folders made on the way.

use strict;
use warnings;
use Exporter 'import';
use File::Basename 'dirname';
use File::Path 'make_path';
use JSON::PP 'decode_json';

our @EXPORT_OK = qw(attributes output write_file write_program link_to);

my $attributes;

sub attributes {
    return $attributes //= do {
        open my $file, '<', $ENV{NIX_ATTRS_JSON_FILE} // "$ENV{NIX_BUILD_TOP}/.attrs.json" or die "attributes: $!\n";
        local $/;
        decode_json(<$file>);
    };
}

sub output { return attributes()->{outputs}{out} }

sub write_file {
    my ($path, $text) = @_;
    make_path(dirname($path));
    open my $file, '>:utf8', $path or die "$path: $!\n";
    print {$file} $text;
    close $file or die "$path: $!\n";
    return;
}

sub write_program {
    my ($path, $text) = @_;
    write_file($path, $text);
    chmod 0755, $path or die "$path: $!\n";
    return;
}

sub link_to {
    my ($target, $path) = @_;
    make_path(dirname($path));
    symlink $target, $path or die "$path: $!\n";
    return;
}

1;
