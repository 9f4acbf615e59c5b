# Brings /etc/passwd, /etc/group and /etc/shadow in line with what is declared.
#
# With mutable users, passwords and whatever was never declared stay. What was declared once and is no longer goes; its
# home stays. Ids are remembered, so that a user who comes back owns his files again.
#
# usage: update-users-groups.pl SPEC.json

use strict;
use warnings;
use File::Path 'make_path';
use JSON::PP;

my $state = '/var/lib/nixos';

sub lines_of {
    my ($path) = @_;
    open my $file, '<', $path or return;
    chomp(my @lines = <$file>);
    return grep { $_ ne '' } @lines;
}

sub replace {
    my ($path, $mode, $text) = @_;
    open my $file, '>', "$path.new" or die "$path.new: $!\n";
    chmod $mode, "$path.new";
    print {$file} $text;
    close $file or die "$path.new: $!\n";
    rename "$path.new", $path or die "$path: $!\n";
    return;
}

sub json_of {
    my ($path) = @_;
    return decode_json(join '', lines_of($path)) if -s $path;
    return {};
}

# The fields of a colon-separated file by the first of them.
sub table {
    my ($path) = @_;
    return map { my @fields = split /:/, $_, -1; ($fields[0] => \@fields) } lines_of($path);
}

# Free ids go downwards for the system and upwards for people.
sub free_id {
    my ($taken, $system) = @_;
    my ($id, $step) = $system ? (999, -1) : (1000, 1);
    $id += $step while $taken->{$id};
    $taken->{$id} = 1;
    return $id;
}

sub hashed {
    my ($password) = @_;
    my $salt = join '', map { ('a' .. 'z', 0 .. 9)[rand 36] } 1 .. 16;
    return crypt $password, "\$6\$$salt\$";
}

my $spec = json_of($ARGV[0]);
my $mutable = $spec->{mutableUsers};
make_path($state);

my %declared_users = map { $_->{name} => $_ } @{ $spec->{users} };
my %declared_groups = map { $_->{name} => $_ } @{ $spec->{groups} };
my %once_users = map { $_ => 1 } lines_of("$state/declarative-users");
my %once_groups = map { $_ => 1 } lines_of("$state/declarative-groups");
my ($uid_map, $gid_map) = (json_of("$state/uid-map"), json_of("$state/gid-map"));
my (%passwd, %group, %shadow);
%passwd = table('/etc/passwd');
%group = table('/etc/group');
%shadow = table('/etc/shadow');

# Groups
my %gids = map { $_->[2] => 1 } values %group;
$gids{$_} = 1 for grep {defined} map { $_->{gid} } @{ $spec->{groups} };
my %new_group;
for my $name (sort keys %declared_groups) {
    my $declared = $declared_groups{$name};
    my $gid = $declared->{gid} // ($group{$name} ? $group{$name}[2] : undef) // $gid_map->{$name} // free_id(\%gids, 1);
    $gids{$gid} = 1;
    $gid_map->{$name} = $gid;
    my @stay = $mutable && $group{$name} ? grep { !$declared_users{$_} && !$once_users{$_} } split /,/, $group{$name}[3] : ();
    my %members = map { $_ => 1 } @{ $declared->{members} }, @stay;
    $new_group{$name} = [$name, 'x', $gid, join ',', sort keys %members];
}
if ($mutable) {
    $new_group{$_} = $group{$_} for grep { !$new_group{$_} && !$once_groups{$_} } keys %group;
}

# Users
my %uids = map { $_->[2] => 1 } values %passwd;
$uids{$_} = 1 for grep {defined} map { $_->{uid} } @{ $spec->{users} };
my (%new_passwd, %new_shadow);
for my $name (sort keys %declared_users) {
    my $declared = $declared_users{$name};
    my $existing = $passwd{$name};
    my $uid = $declared->{uid} // ($existing ? $existing->[2] : undef) // $uid_map->{$name} // free_id(\%uids, $declared->{isSystemUser});
    $uids{$uid} = 1;
    $uid_map->{$name} = $uid;
    my $entry = $new_group{ $declared->{group} };
    warn "warning: user '$name' has unknown group '$declared->{group}'\n" unless $entry;
    my $gid = $entry ? $entry->[2] : 65534;
    $new_passwd{$name} = [$name, 'x', $uid, $gid, $declared->{description}, $declared->{home}, $declared->{shell}];

    my $hash = $declared->{hashedPassword};
    if (defined $declared->{hashedPasswordFile}) {
        if (-e $declared->{hashedPasswordFile}) { ($hash) = lines_of($declared->{hashedPasswordFile}) }
        else { warn "warning: password file '$declared->{hashedPasswordFile}' does not exist\n" }
    }
    elsif (defined $declared->{password}) { $hash = hashed($declared->{password}) }
    if (!$existing && !defined $hash) {
        $hash = defined $declared->{initialPassword} ? hashed($declared->{initialPassword}) : $declared->{initialHashedPassword};
    }
    my @before = $shadow{$name} ? @{ $shadow{$name} } : ($name, undef, 1, '', '', '', '', '', '');
    $before[1] = $hash // '!' unless $mutable && defined $before[1];
    $new_shadow{$name} = \@before;

    next unless $declared->{createHome};
    make_path($declared->{home}) unless -e $declared->{home};
    chown $uid, $gid, $declared->{home};
    chmod oct $declared->{homeMode}, $declared->{home};
}
if ($mutable) {
    for my $name (grep { !$new_passwd{$_} && !$once_users{$_} } keys %passwd) {
        $new_passwd{$name} = $passwd{$name};
        $new_shadow{$name} = $shadow{$name} if $shadow{$name};
    }
}

sub text_of {
    my ($table, $by) = @_;
    return join '', map { join(':', @{$_}) . "\n" } sort { $a->[$by] <=> $b->[$by] || $a->[0] cmp $b->[0] } values %{$table};
}
sub sorted_by_name {
    my ($table) = @_;
    return join '', map { join(':', @{ $table->{$_} }) . "\n" } sort keys %{$table};
}

replace('/etc/group', 0644, text_of(\%new_group, 2));
replace('/etc/passwd', 0644, text_of(\%new_passwd, 2));
replace('/etc/shadow', 0640, sorted_by_name(\%new_shadow));
chown 0, $new_group{shadow} ? $new_group{shadow}[2] : 0, '/etc/shadow';
replace("$state/declarative-users", 0644, join '', map {"$_\n"} sort keys %declared_users);
replace("$state/declarative-groups", 0644, join '', map {"$_\n"} sort keys %declared_groups);
my $json = JSON::PP->new->canonical;
replace("$state/uid-map", 0644, $json->encode($uid_map));
replace("$state/gid-map", 0644, $json->encode($gid_map));
