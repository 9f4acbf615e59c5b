# Brings /etc in line with a generation: links by way of /etc/static, copies where a mode was asked for. What the generation
# before had made and this one does not is removed; files that people made stay.
#
# usage: setup-etc.pl ETC       ETC is a store path of etc.pl

use strict;
use warnings;
use File::Basename 'dirname';
use File::Copy 'copy';
use File::Find 'find';
use File::Path 'make_path';

my ($etc) = @ARGV;
my $static = '/etc/static';
my $record = '/etc/.clean';
my $failed = 0;

sub replace_link {
    my ($target, $path) = @_;
    return if -l $path && readlink $path eq $target;
    if (-d $path && !-l $path) {
        warn "$path is a folder with files of its own; it is not replaced\n";
        $failed = 1;
        return;
    }
    unlink "$path.new";
    symlink($target, "$path.new") && rename("$path.new", $path) or die "$path: $!\n";
    return;
}

sub copy_into_place {
    my ($source, $path, $copy) = @_;
    my $owner = getpwnam($copy->{user}) // die "$path: no user $copy->{user}\n";
    my $group = getgrnam($copy->{group}) // die "$path: no group $copy->{group}\n";
    copy($source, "$path.new") or die "$path: $!\n";
    chown $owner, $group, "$path.new";
    chmod oct $copy->{mode}, "$path.new";
    rename "$path.new", $path or die "$path: $!\n";
    return;
}

sub copies_of {
    my %copies;
    open my $file, '<', "$etc/copies" or die "$etc/copies: $!\n";
    while (my $line = <$file>) {
        chomp $line;
        my ($mode, $user, $group, $target) = split / /, $line, 4;
        $copies{$target} = { mode => $mode, user => $user, group => $group };
    }
    return \%copies;
}

sub lines_of {
    my ($path) = @_;
    open my $file, '<', $path or return;
    chomp(my @lines = <$file>);
    return @lines;
}

# Links whose file is gone from the new generation.
sub remove_stale_links {
    find(
        {
            no_chdir => 1,
            wanted   => sub {
                return $File::Find::prune = 1 if $_ eq $static;
                return unless -l $_ && readlink($_) =~ m{^\Q$static\E/(.*)};
                unlink $_ unless -l "$etc/etc/$1" || -e "$etc/etc/$1";
            },
        },
        '/etc'
    );
    return;
}

my $copies = copies_of();
my @copied_before = lines_of($record);

if (-l $static || !-e $static) { replace_link("$etc/etc", $static) }
find(
    {
        no_chdir => 1,
        wanted   => sub {
            return if -d $_ && !-l $_;
            my $target = substr $_, length "$etc/etc/";
            my $path = "/etc/$target";
            make_path(dirname($path));
            if (my $copy = $copies->{$target}) { copy_into_place($_, $path, $copy) }
            else { replace_link("$static/$target", $path) }
        },
    },
    "$etc/etc"
);

remove_stale_links();
for my $target (@copied_before) {
    next if $copies->{$target} || -l "$etc/etc/$target" || -e "$etc/etc/$target";
    unlink "/etc/$target";
}
open my $file, '>', $record or die "$record: $!\n";
print {$file} map {"$_\n"} sort keys %{$copies};
close $file or die "$record: $!\n";

if (!-e '/etc/NIXOS') { open my $tag, '>', '/etc/NIXOS' or die "/etc/NIXOS: $!\n" }
exit $failed;
