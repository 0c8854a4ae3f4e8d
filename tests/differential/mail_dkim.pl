#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause
# A message a line in, in JSON; what Mail::DKIM says of each of its signatures
# out: a word each, in the order of the fields, "-" where there is none.
use strict;
use warnings;

our $now;
BEGIN { *CORE::GLOBAL::time = sub { defined $now ? $now : CORE::time() }; }

use JSON::PP ();
use Mail::DKIM::Verifier;

my $keys;
my $fields = 0;

package Record;

sub type { 'TXT' }
sub txtdata { ($_[0]{text}) }

package main;

{
	no warnings 'redefine';
	*Mail::DKIM::DNS::query = sub {
		my ($name) = @_;

		return unless exists $keys->{lc $name};
		die "DNS error: SERVFAIL\n" unless defined $keys->{lc $name};
		return map { bless { text => $_ }, 'Record' } @{$keys->{lc $name}};
	};
	my $handle = \&Mail::DKIM::Verifier::handle_header;
	*Mail::DKIM::Verifier::handle_header = sub {
		$fields++ if lc $_[1] eq 'dkim-signature';
		return $handle->(@_);
	};
	my $add = \&Mail::DKIM::Verifier::add_signature;
	*Mail::DKIM::Verifier::add_signature = sub {
		$_[1]{at} = $fields - 1;
		return $add->(@_);
	};
}

my $json = eval { require JSON::XS; JSON::XS->new } || JSON::PP->new;
$| = 0;
while (my $line = <STDIN>) {
	my $in = $json->decode($line);
	my $verifier = Mail::DKIM::Verifier->new;

	($keys, $now, $fields) = ($in->{keys}, $in->{now}, 0);
	$verifier->PRINT(pack 'H*', $in->{raw});
	$verifier->CLOSE;
	my @words = ('-') x $fields;
	$words[$_->{at}] = $_->result // '-' for $verifier->signatures;
	print "@words\n";
}
