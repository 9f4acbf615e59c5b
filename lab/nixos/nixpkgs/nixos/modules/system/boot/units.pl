# Makes the folder that /etc/systemd/system is.

use strict;
use warnings;
use Derivation qw(attributes output write_file link_to);
use File::Path 'make_path';

my $units = output() . '/units';
make_path($units);
my %all = %{ attributes()->{units} };

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
    write_file($own ? "$units/$name" : "$units/$name.d/overrides.conf", $unit->{text}) if defined $unit->{text};

    link_to("../$name", "$units/$_.wants/$name") for @{ $unit->{wantedBy} };
    link_to("../$name", "$units/$_.requires/$name") for @{ $unit->{requiredBy} };
    link_to($name, "$units/$_") for @{ $unit->{aliases} };
}
