package Report;

# What a switch says, on standard error.

use strict;
use warnings;
use Exporter 'import';

our @EXPORT_OK = qw(say_line say_units panic);

# NixOS's own program panics when nobody reads what it says, halfway through a switch. So does this one.
sub say_line {
    my ($line) = @_;
    exit 101 unless defined syswrite STDERR, "$line\n";
    return;
}

sub say_units {
    my ($verb, $units, $kind) = @_;
    return unless @{$units};
    say_line("$verb the following " . ($kind // '') . 'units: ' . join ', ', sort @{$units});
    return;
}

# Stops half of the units and gives up, as that panic does.
sub panic {
    my @units = @_;
    Systemd::change('stop', @units[0 .. int(@units / 2) - 1]) if @units > 1;
    say_line("thread 'main' panicked: failed printing to stderr: Broken pipe (os error 32)");
    exit 101;
}

1;
