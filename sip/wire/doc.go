// Package wire says what a message must be before anybody looks at it, and reads
// the parts that phones write in too many ways. It is told one message at a time
// and remembers nothing.
package wire
