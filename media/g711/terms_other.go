//go:build !amd64

package g711

// energyOf leaves it to Energy.
func (l Law) energyOf([]byte) (energy uint64, done int) { return 0, 0 }

// decoded leaves it to Decode.
func (l Law) decoded([]int16, []byte) (done int) { return 0 }

// encoded leaves it to Encode.
func (l Law) encoded([]byte, []int16) (done int) { return 0 }
