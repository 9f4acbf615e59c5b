package Systemd;

# The calls of systemctl.

use strict;
use warnings;
use Report qw(say_line);

my $systemctl = '/usr/bin/systemctl';

# Every loaded unit with its states.
sub units {
    my %units;
    open my $list, '-|', $systemctl, qw(list-units --all --plain --full --no-legend --no-pager) or die "systemctl: $!\n";
    while (my $line = <$list>) {
        my ($unit, $load, $active, $sub) = split ' ', $line;
        $units{$unit} = { load => $load, active => $active, sub => $sub };
    }
    close $list or die "systemctl list-units failed\n";
    return \%units;
}

sub run { return system($systemctl, @_) == 0 }

# Starts, stops, restarts or reloads units, and tells of each that failed. Gives whether all went well.
sub change {
    my ($verb, @units) = @_;
    return 1 unless @units;
    my $pid = open(my $errors, '-|') // die "fork: $!\n";
    if (!$pid) {
        open STDERR, '>&', \*STDOUT;
        exec $systemctl, $verb, '--', @units;
    }
    while (my $line = <$errors>) {
        if ($line =~ /^(?:Job for|A dependency job for) (\S+) (?:failed|canceled|timed out)/) { say_line("Failed to $verb $1") }
        elsif ($line =~ /^Failed to /) { chomp $line; say_line($line) }
    }
    return !!close $errors;
}

# A service that dies and is started again has failed, too, even if it happens to run just now.
sub keeps_dying {
    my ($unit, $state) = @_;
    return 0 unless $state->{sub} eq 'auto-restart';
    my $status = qx{$systemctl show --property=ExecMainStatus --value -- '$unit'};
    return $status != 0;
}

# Which units are new, and which failed, compared with the states before.
sub outcome {
    my ($before, $lists) = @_;
    my $after = units();
    my (@started, @failed);
    for my $unit (sort keys %{$after}) {
        my $state = $after->{$unit};
        if ($state->{active} eq 'failed' || keeps_dying($unit, $state)) { push @failed, $unit }
        elsif ($state->{active} eq 'active' && !$lists->touched($unit)) {
            my $was = $before->{$unit};
            push @started, $unit if !$was || $was->{active} ne 'active';
        }
    }
    return (\@started, \@failed);
}

sub show_status {
    my @units = @_;
    open my $status, '-|', $systemctl, qw(status --no-pager --full --), @units or return;
    while (my $line = <$status>) { chomp $line; say_line($line) }
    close $status;
    return;
}

1;
