package Lists;

# Which units a switch stops, starts, restarts, reloads and skips.

use strict;
use warnings;
use UnitFile;

my $memory = '/run/nixos';

# Targets that mean "do this now" would do it.
my %never_start = map { ("$_.target" => 1) } qw(suspend hibernate hybrid-sleep suspend-then-hibernate sleep);

sub new {
    my ($class, $old, $new) = @_;
    my %none = map { $_ => {} } qw(stop start restart reload skip quiet);
    return bless { old => $old, new => $new, %none }, $class;
}

sub add {
    my ($self, $list, @units) = @_;
    $self->{$list}{$_} = 1 for @units;
    return;
}

sub all { my ($self, $list) = @_; return sort keys %{ $self->{$list} } }

# Targets and what comes with them are not worth a word.
sub shown { my ($self, $list) = @_; return [ grep { !$self->{quiet}{$_} } $self->all($list) ] }

sub touched { my ($self, $unit) = @_; return !!grep { $self->{$_}{$unit} } qw(start restart reload) }

# A switch that was cut off leaves a note of what it had still to do.
sub record {
    my ($self) = @_;
    for my $list (qw(start restart reload)) {
        open my $file, '>', "$memory/$list-list" or die "$memory/$list-list: $!\n";
        print {$file} map {"$_\n"} $self->all($list);
        close $file or die "$memory/$list-list: $!\n";
    }
    return;
}

sub recall {
    my ($self) = @_;
    for my $list (qw(start restart reload)) {
        open my $file, '<', "$memory/$list-list" or next;
        chomp(my @units = <$file>);
        $self->add($list, grep { UnitFile::find($self->{new}, $_) } @units);
    }
    return;
}

sub forget {
    unlink map {"$memory/$_-list"} qw(start restart reload);
    return;
}

sub compare_units {
    my ($self, $active) = @_;
    for my $unit (sort keys %{$active}) {
        next unless $active->{$unit}{active} =~ /^(?:active|activating)$/;
        my $old = UnitFile::find($self->{old}, $unit) or next;
        my $new = UnitFile::find($self->{new}, $unit);

        if (!$new || $new->masked()) {
            $self->add('stop', $unit) if $old->says('X-StopOnRemoval', 1);
        }
        elsif ($unit =~ /\.target$/) { $self->consider_target($unit, $new) }
        else {
            my $difference = $old->difference($new);
            $self->consider_changed($unit, $new, $active) if $difference eq 'restart';
            $self->add('reload', $unit) if $difference eq 'reload';
        }
    }
    return;
}

# Starting a target again starts what it newly wants.
sub consider_target {
    my ($self, $unit, $new) = @_;
    if (!$never_start{$unit} && !$new->says('RefuseManualStart', 0) && !$new->says('X-OnlyManualStart', 0)) {
        $self->add('start', $unit);
        $self->add('quiet', $unit);
    }
    $self->add('stop', $unit) if $new->says('X-StopOnReconfiguration', 0);
    return;
}

sub consider_changed {
    my ($self, $unit, $new, $active) = @_;
    if ($unit =~ /\.(?:path|slice)$/) { return }
    if ($unit =~ /\.mount$/) { return $self->add('reload', $unit) }
    if ($new->says('X-ReloadIfChanged', 0)) { return $self->add('reload', $unit) }
    if (!$new->says('X-RestartIfChanged', 1) || $new->says('RefuseManualStop', 0) || $new->says('X-OnlyManualStart', 0)) {
        return $self->add('skip', $unit);
    }
    if (!$new->says('X-StopIfChanged', 1)) { return $self->add('restart', $unit) }

    # A service with a socket comes back when it is asked for.
    (my $socket = $unit) =~ s/\.service$/.socket/;
    if ($unit =~ /\.service$/ && $active->{$socket} && $active->{$socket}{active} eq 'active') {
        $self->add('stop', $socket, $unit);
        $self->add('start', $socket) if UnitFile::find($self->{new}, $socket);
        $self->add('quiet', $socket);
        return;
    }
    $self->add('stop', $unit);
    $self->add('start', $unit);
    return;
}

sub compare_fstab {
    my ($self, $changes, $active) = @_;
    for my $list (qw(stop restart reload)) {
        $self->add($list, grep { $active->{$_} && $active->{$_}{active} eq 'active' } @{ $changes->{$list} });
    }
    return;
}

1;
