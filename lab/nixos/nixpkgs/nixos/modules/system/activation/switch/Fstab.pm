package Fstab;

# What changed between two fstabs.

use strict;
use warnings;

sub entries {
    my ($path) = @_;
    my %entries;
    open my $file, '<', $path or return {};
    while (my $line = <$file>) {
        next if $line =~ /^\s*(?:#|$)/;
        my ($device, $where, $type, $options) = split ' ', $line;
        next if $type eq 'swap';
        $where =~ s/\\([0-7]{3})/chr oct $1/ge;
        $entries{$where} = { device => $device, type => $type, options => $options };
    }
    return \%entries;
}

# As systemd-escape --path does.
sub unit_of {
    my ($where) = @_;
    $where =~ s{^/+|/+$}{}g;
    return '-.mount' if $where eq '';
    $where =~ s{([^A-Za-z0-9:_./])}{sprintf '\\x%02x', ord $1}ge;
    $where =~ s{^\.}{\\x2e};
    $where =~ s{/+}{-}g;
    return "$where.mount";
}

# The mount units to stop, to restart and to reload.
sub changes {
    my ($old_path, $new_path) = @_;
    my ($old, $new) = (entries($old_path), entries($new_path));
    my %changes = (stop => [], restart => [], reload => []);
    for my $where (sort keys %{$old}) {
        my ($before, $after) = ($old->{$where}, $new->{$where});
        my $unit = unit_of($where);
        if (!$after) { push @{ $changes{stop} }, $unit }
        elsif ($before->{device} ne $after->{device} || $before->{type} ne $after->{type}) {
            push @{ $changes{restart} }, $unit unless $where eq '/' || $where eq '/nix';
        }
        elsif ($before->{options} ne $after->{options}) { push @{ $changes{reload} }, $unit }
    }
    return \%changes;
}

1;
