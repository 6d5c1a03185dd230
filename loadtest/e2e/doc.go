// Package e2e proves the built server against real peers of other makers: baresip as
// a desk phone, SIPp as callers and phones, and kill -9 as fate. Its tests run with
// the build tag e2e (make e2e, and the second half of make test).
package e2e
