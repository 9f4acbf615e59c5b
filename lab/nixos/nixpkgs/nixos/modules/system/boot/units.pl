# Makes the folder that /etc/systemd/system is.

use strict;
use warnings;
use Derivation qw(attributes output write_file link_to);
use Digest::MD5 'md5_hex';
use Encode 'encode_utf8';
use File::Path 'make_path';

my $units = output() . '/units';
make_path($units);
my %all = %{ attributes()->{units} };

# As on NixOS each text lies in a place of its own, which is another one for another text.
sub put {
    my ($path, $name, $text, $way) = @_;
    my $place = 'texts/' . md5_hex(encode_utf8($text)) . "/$name";
    write_file(output() . "/$place", $text) if !-e output() . "/$place";
    link_to("$way/$place", $path);
    return;
}

# The targets of systemd itself lie here too, as on NixOS: a switch only looks at this folder.
link_to($_, $units . substr $_, rindex $_, '/') for grep { !m{/default\.target$} } glob '/lib/systemd/system/*.target';
link_to('multi-user.target', "$units/default.target");

for my $name (sort keys %all) {
    my $unit = $all{$name};
    if (!$unit->{enable}) {
        link_to('/dev/null', "$units/$name");
        next;
    }

    # What systemd brings itself is amended, not replaced.
    my $own = !-e "/lib/systemd/system/$name";
    if (defined $unit->{text}) {
        if ($own) { put("$units/$name", $name, $unit->{text}, '..') }
        else { put("$units/$name.d/overrides.conf", "$name.conf", $unit->{text}, '../..') }
    }

    link_to("../$name", "$units/$_.wants/$name") for @{ $unit->{wantedBy} };
    link_to("../$name", "$units/$_.requires/$name") for @{ $unit->{requiredBy} };
    link_to($name, "$units/$_") for @{ $unit->{aliases} };
}
