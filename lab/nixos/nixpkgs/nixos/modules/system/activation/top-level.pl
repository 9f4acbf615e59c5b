# Writes a generation: what boots it, what activates it, and links to its parts.

use strict;
use warnings;
use Derivation qw(attributes output write_file write_program link_to);
use File::Path 'make_path';

my $attributes = attributes();
my $out = output();

sub substituted {
    my ($text) = @_;
    $text =~ s/\@out\@/$out/g;
    $text =~ s/\@shell\@/$attributes->{shell}/g;
    return $text;
}

sub content_of {
    my ($path) = @_;
    open my $file, '<', $path or die "$path: $!\n";
    local $/;
    return scalar <$file>;
}

write_program("$out/activate", substituted($attributes->{activate}));
write_program("$out/init", substituted(content_of($attributes->{init})));
write_program("$out/bin/switch-to-configuration", <<"END");
#!/bin/sh
export LC_ALL=C.UTF-8 TOPLEVEL=$out INSTALL_BOOTLOADER=$attributes->{installBootLoader}
exec /usr/bin/perl -I$attributes->{switch} $attributes->{switch}/main.pl "\$@"
END

link_to("$attributes->{etc}/etc", "$out/etc");
link_to($attributes->{sw}, "$out/sw");
link_to("$attributes->{kernel}/bzImage", "$out/kernel");
link_to($attributes->{kernelModules}, "$out/kernel-modules");
link_to("$attributes->{initrd}/initrd", "$out/initrd");

write_file("$out/nixos-version", $attributes->{version});
write_file("$out/system", 'x86_64-linux');
write_file("$out/init-interface-version", 'systemd 2');
write_file("$out/kernel-params", '');
write_file("$out/configuration-revision", $attributes->{revision}) if defined $attributes->{revision};
write_file("$out/configuration-name", $attributes->{configurationName}) if $attributes->{configurationName} ne '';

make_path("$out/specialisation");
my $specialisations = $attributes->{specialisations};
link_to($specialisations->{$_}, "$out/specialisation/$_") for sort keys %{$specialisations};
