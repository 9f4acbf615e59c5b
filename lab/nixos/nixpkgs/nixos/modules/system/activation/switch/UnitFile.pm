package UnitFile;

# A unit's file together with its overrides.

use strict;
use warnings;

# These don't change what runs.
my %unimportant = map { $_ => 1 } qw(
    Description Documentation SourcePath OnFailure OnSuccess OnFailureJobMode IgnoreOnIsolate StopWhenUnneeded
    RefuseManualStart RefuseManualStop AllowIsolate CollectMode X-Reload-Triggers
);

# The unit's file in a folder, that of its template if it is an instance, or nothing.
sub find {
    my ($folder, $unit) = @_;
    (my $template = $unit) =~ s/\@[^.]*\./\@./;
    for my $name ($unit, $template) {
        my @paths = grep {-e} "$folder/$name", "$folder/$name.d/overrides.conf";
        return bless { paths => \@paths, sections => parse(@paths) }, __PACKAGE__ if @paths;
    }
    return;
}

sub parse {
    my %sections;
    for my $path (grep { !-c $_ } @_) {
        my $section = '';
        open my $file, '<', $path or die "$path: $!\n";
        while (my $line = <$file>) {
            chomp $line;
            $line .= <$file> // '' while $line =~ s/\\$//;
            next if $line =~ /^\s*(?:[#;]|$)/;
            if ($line =~ /^\[(.*)\]$/) { $section = $1 }
            elsif ($line =~ /^([^=]+?)\s*=\s*(.*?)\s*$/) { push @{ $sections{$section}{$1} }, $2 }
        }
    }
    return \%sections;
}

sub masked { my ($self) = @_; return -c $self->{paths}[0] }

# A boolean of any section.
sub says {
    my ($self, $key, $default) = @_;
    for my $section (values %{ $self->{sections} }) {
        my $values = $section->{$key} or next;
        return $values->[-1] =~ /^(?:1|yes|true|on)$/i;
    }
    return $default;
}

sub flat {
    my ($self) = @_;
    my %flat;
    for my $section (grep { $_ ne 'Install' } keys %{ $self->{sections} }) {
        for my $key (keys %{ $self->{sections}{$section} }) {
            next if $section eq 'Unit' && $unimportant{$key};
            $flat{"$section.$key"} = join "\n", @{ $self->{sections}{$section}{$key} };
        }
    }
    return \%flat;
}

# What another version of this unit asks for: nothing, `reload` or `restart`.
sub difference {
    my ($self, $other) = @_;
    my ($mine, $theirs) = ($self->flat(), $other->flat());
    my %keys = (%{$mine}, %{$theirs});
    my @changed = grep { ($mine->{$_} // "\0") ne ($theirs->{$_} // "\0") } keys %keys;
    return 'reload' if @changed && !grep { $_ ne 'Mount.Options' } @changed;
    return 'restart' if @changed;
    my $trigger = sub { join ' ', @{ $_[0]{sections}{Unit}{'X-Reload-Triggers'} // [] } };
    return $trigger->($self) ne $trigger->($other) ? 'reload' : '';
}

1;
