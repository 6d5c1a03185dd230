// Package truth answers what a config asks of a call, such as
// data.tier == "gold" || int(data.order) > 1000, with yes, no or unknown.
//
// Callers type nothing, and lookups do not answer. What is missing is the empty text:
// data.tier != "gold" is true of who has no tier. What cannot be reckoned, such as the
// number of an empty text, is unknown, and goes through && and ||, ! and ?: as a person
// would have it: unknown || true is true, unknown && false is false, in whichever order
// they stand. Who is asked a condition that stays unknown does not meet it
// (docs/decisions/0030-what-is-not-known-of-a-call.md).
//
// The language of a condition is expr's. A condition is taken apart at its &&, ||, !, ?:
// and let; what lies between them, a term, is run by expr, and is unknown when that fails.
// Where && and || stand within a term, such as (a && b) == c, all of it is needed: there,
// too, no order of theirs changes the answer.
package truth
