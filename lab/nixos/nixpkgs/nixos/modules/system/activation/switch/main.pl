# switch-to-configuration: makes a generation the running system.
#
# usage: main.pl switch|boot|test|dry-activate|check       with TOPLEVEL and INSTALL_BOOTLOADER in the environment
#
# Ends with 0; 1 usage, not root, check or boot loader; 2 activation script failed; 4 a unit failed; 11 another switch runs;
# 100 the new init needs a reboot; 101 standard error was closed, or the lab asked for it.

use strict;
use warnings;
use Fcntl qw(:flock);
use File::Path 'make_path';
use Sys::Syslog;

use Fstab;
use Lists;
use Report qw(say_line say_units panic);
use Systemd;

my $toplevel = $ENV{TOPLEVEL} or die "TOPLEVEL is not set\n";
my $current = '/etc/systemd/system';
my $new = "$toplevel/etc/systemd/system";

my $action = @ARGV == 1 ? $ARGV[0] : '';
if ($action !~ /^(?:switch|boot|test|dry-activate|check)$/) {
    say_line('Usage: switch-to-configuration [switch|boot|test|dry-activate|check]');
    exit 1;
}
if ($> != 0) {
    say_line("$action has to be run as root");
    exit 1;
}
if (!-e '/etc/NIXOS') {
    say_line('/etc/NIXOS is missing: this is not NixOS');
    exit 1;
}

# A closed standard error has to be noticed where it is written to.
local $SIG{PIPE} = 'IGNORE';
local $SIG{HUP} = 'IGNORE';

make_path('/run/nixos');
open my $lock, '>>', '/run/nixos/switch-to-configuration.lock' or die "lock: $!\n";
if (!flock $lock, LOCK_EX | LOCK_NB) {
    say_line('Could not acquire lock');
    exit 11;
}

if (!$ENV{NIXOS_NO_CHECK} && -e '/etc/nixi-lab/fail-pre-switch-check') {
    say_line('Pre-switch checks failed');
    exit 1;
}
exit 0 if $action eq 'check';

if ($action eq 'switch' || $action eq 'boot') {
    system($ENV{INSTALL_BOOTLOADER}, $toplevel) == 0 or do {
        say_line('Failed to install bootloader');
        exit 1;
    };
    system('sync', '-f', '/nix/store') unless $ENV{NIXOS_NO_SYNC};
    exit 0 if $action eq 'boot';
}

sub first_line {
    my ($path) = @_;
    open my $file, '<', $path or return '';
    my $line = <$file> // '';
    chomp $line;
    return $line;
}
if (first_line('/run/current-system/init-interface-version') ne first_line("$toplevel/init-interface-version")) {
    say_line('The new configuration has an init that does not fit the running one; it takes effect with the next boot.');
    exit 100;
}

my $active = Systemd::units();
my $lists = Lists->new($current, $new);
$lists->recall() if $action ne 'dry-activate';
$lists->compare_units($active);
$lists->compare_fstab(Fstab::changes('/etc/fstab', "$toplevel/etc/fstab"), $active);

if ($action eq 'dry-activate') {
    say_units('would stop', $lists->shown('stop'));
    say_units('would NOT stop', $lists->shown('skip'), 'changed ');
    say_line('would activate the configuration...');
    say_units('would reload', $lists->shown('reload'));
    say_units('would restart', $lists->shown('restart'));
    say_units('would start', $lists->shown('start'));
    exit 0;
}

openlog('nixos', 'pid', 'user');
syslog('notice', '%s', "switching to system configuration $toplevel");
$lists->record();

my @stop = $lists->all('stop');
say_units('stopping', $lists->shown('stop'));
panic(@stop) if -e '/etc/nixi-lab/panic-on-switch';
Systemd::change('stop', @stop);
say_units('NOT restarting', $lists->shown('skip'), 'changed ');

my $status = 0;
say_line('activating the configuration...');
system("$toplevel/activate") == 0 or $status = 2;

Systemd::run('reset-failed');
Systemd::run('daemon-reload') or $status = 3;
say_line('restarting sysinit-reactivation.target');
Systemd::change('restart', 'sysinit-reactivation.target');

for my $verb (qw(reload restart start)) {
    say_units($verb . 'ing', $lists->shown($verb));
    Systemd::change($verb, $lists->all($verb)) or $status = 4;
}
$lists->forget();

my ($started, $failed) = Systemd::outcome($active, $lists);
say_line('the following new units were started: ' . join ', ', @{$started}) if @{$started};
if (@{$failed}) {
    say_line('warning: the following units failed: ' . join ', ', @{$failed});
    Systemd::show_status(@{$failed});
    $status = 4;
}
syslog($status ? 'err' : 'notice', '%s', "switched to system configuration $toplevel (status $status)");
exit $status;
