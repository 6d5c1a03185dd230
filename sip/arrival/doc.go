// Package arrival tells when a datagram came, by the kernel's clock: what waits in its
// socket while we are busy came before we read it.
package arrival
