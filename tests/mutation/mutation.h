/* Switches in the copy of the sources that sites.py makes: the checks of CHATELAINE_MUTANT="n,..." are left out. */
#ifndef MUTATION_H
#define MUTATION_H

#include <stdbool.h>

/* Is check n left out? Notes that it was reached. */
bool mutant(int n);
/* The same for a check that is also left out while a call that it is part of is made without checks. */
bool mutant_lifted(int n);
/* What a route requires: marked is its `allow` and, above the lowest byte, the number of its first mutant. */
int mutation_allow(int marked);
/* The same without any mutant: for listings, so that none is caught by what the program says of itself. */
#define MUTATION_PLAIN(marked) ((marked)&0xff)

/* A call of a function that finds something and asks whether the caller may have it, made without the asking. */
bool mutation_lift(int n);
void mutation_settle(bool before);
#define MUTATION_LIFTED(n, call)                                                                                                 \
	({                                                                                                                       \
		bool before_ = mutation_lift(n);                                                                                 \
		__auto_type result_ = (call);                                                                                    \
		mutation_settle(before_);                                                                                        \
		result_;                                                                                                         \
	})

/* The caller as a super administrator when check n is left out: for checks that also hand out what they looked up. */
struct caller;
const struct caller *mutation_super(int n, const struct caller *who);

#endif
