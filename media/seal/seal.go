// Package seal keeps a file that nobody without the master key can read, change or
// shorten unnoticed: what is written is cut into chunks, each sealed by AES-256-GCM, so
// that a file whose writer died is good up to its last whole chunk. It opens no file
// itself.
//
// A sealed file is a head and chunks:
//
//	head   "BWSEAL1\n" | name of the master key (8) | nonce (12) | file key, wrapped (32 + 16)
//	chunk  length and, as highest bit, whether it is the last (4, little endian) | sealed bytes (length + 16)
//
// Each file has a key of its own, random, wrapped by AES-256-GCM with the master key; the
// head before the nonce is authenticated with it. The nonce of a chunk is its number (96
// bits, big endian), and its length is authenticated with it. A file key is used by one
// writer, which never goes back, so that no nonce comes twice.
package seal

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
)

const (
	magic    = "BWSEAL1\n"
	keySize  = 32
	nameSize = 8 // of a master key: the beginning of its SHA-256
	tagSize  = 16
	nonce    = 12
	isLast   = 1 << 31

	// HeadSize is where the first chunk begins.
	HeadSize = len(magic) + nameSize + nonce + keySize + tagSize

	// MaxChunk is how many bytes a chunk may hold.
	MaxChunk = 1 << 16
)

// ErrCut means that a sealed file ends before its last chunk: its writer died, or
// somebody has shortened it.
var ErrCut = errors.New("seal: the file ends before its last chunk")

// Master is the key that wraps the keys of files.
type Master struct {
	name [nameSize]byte
	aead cipher.AEAD
}

// ParseMaster reads a master key: 64 hexadecimal digits, with white space around them
// if need be. The error does not tell any of them.
func ParseMaster(text []byte) (*Master, error) {
	key, err := hex.DecodeString(string(bytes.TrimSpace(text)))
	if err != nil || len(key) != keySize {
		return nil, fmt.Errorf("seal: a master key is %d hexadecimal digits and nothing else", 2*keySize)
	}
	aead, err := newAEAD(key)
	if err != nil {
		return nil, err
	}
	m := &Master{aead: aead}
	sum := sha256.Sum256(key)
	copy(m.name[:], sum[:])
	return m, nil
}

// NewMaster makes a random master key as ParseMaster reads it, with a line end.
func NewMaster() []byte {
	var key [keySize]byte
	_, _ = rand.Read(key[:]) // never fails (crypto/rand)
	return append(hex.AppendEncode(nil, key[:]), '\n')
}

func newAEAD(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// Writer seals one file. It is not safe for concurrent use.
type Writer struct {
	aead   cipher.AEAD
	number uint64 // of the next chunk
}

// NewWriter begins a file: head is what stands before the first chunk.
func (m *Master) NewWriter() (w *Writer, head []byte, err error) {
	var key [keySize]byte
	_, _ = rand.Read(key[:])
	aead, err := newAEAD(key[:])
	if err != nil {
		return nil, nil, err
	}
	head = append([]byte(magic), m.name[:]...)
	known := head[:len(head):len(head)]
	var once [nonce]byte
	_, _ = rand.Read(once[:])
	head = append(head, once[:]...)
	return &Writer{aead: aead}, m.aead.Seal(head, once[:], key[:], known), nil
}

// Append appends plain, at most MaxChunk bytes, to dst as the next chunk. Behind the last
// one nothing may follow.
func (w *Writer) Append(dst, plain []byte, last bool) []byte {
	word := uint32(len(plain))
	if last {
		word |= isLast
	}
	at := len(dst)
	dst = binary.LittleEndian.AppendUint32(dst, word)
	once := number(w.number)
	w.number++
	return w.aead.Seal(dst, once[:], plain, dst[at:at+4:at+4])
}

func number(n uint64) (once [nonce]byte) {
	binary.BigEndian.PutUint64(once[4:], n)
	return once
}

// Is tells whether a file that begins like this is a sealed one.
func Is(begin []byte) bool { return bytes.HasPrefix(begin, []byte(magic)) }

// Reader opens one sealed file.
type Reader struct {
	src    io.Reader
	aead   cipher.AEAD
	number uint64
	plain  []byte // of the present chunk, not yet read
	room   []byte
	err    error
}

// NewReader reads the head of a sealed file. The error says whether it is none, or
// belongs to another master key.
func (m *Master) NewReader(src io.Reader) (*Reader, error) {
	head := make([]byte, HeadSize)
	if _, err := io.ReadFull(src, head); err != nil {
		return nil, fmt.Errorf("seal: read head: %w", err)
	}
	if !Is(head) {
		return nil, errors.New("seal: this is no sealed file")
	}
	known, rest := head[:len(magic)+nameSize], head[len(magic)+nameSize:]
	if name := known[len(magic):]; !bytes.Equal(name, m.name[:]) {
		return nil, fmt.Errorf("seal: the file was sealed with master key %x, this one is %x", name, m.name)
	}
	key, err := m.aead.Open(nil, rest[:nonce], rest[nonce:], known)
	if err != nil {
		return nil, errors.New("seal: the head was changed: its file key does not open")
	}
	aead, err := newAEAD(key)
	if err != nil {
		return nil, err
	}
	return &Reader{src: src, aead: aead}, nil
}

// Read gives the plain bytes: io.EOF behind the last chunk, ErrCut where the file ends
// without one. Of a chunk that was changed it gives nothing; the error names it.
func (r *Reader) Read(p []byte) (int, error) {
	for len(r.plain) == 0 {
		if r.err == nil {
			r.plain, r.err = r.next()
		}
		if len(r.plain) == 0 && r.err != nil {
			return 0, r.err
		}
	}
	n := copy(p, r.plain)
	r.plain = r.plain[n:]
	return n, nil
}

// next opens a chunk; io.EOF comes with the last one.
func (r *Reader) next() ([]byte, error) {
	var word [4]byte
	if _, err := io.ReadFull(r.src, word[:]); err != nil {
		return nil, cut(err)
	}
	size := binary.LittleEndian.Uint32(word[:])
	last := size&isLast != 0
	size &^= isLast
	if size > MaxChunk {
		return nil, fmt.Errorf("seal: chunk %d was changed: its length is %d, at most %d are written", r.number, size, MaxChunk)
	}
	if r.room == nil {
		r.room = make([]byte, MaxChunk+tagSize)
	}
	sealed := r.room[:size+tagSize]
	if _, err := io.ReadFull(r.src, sealed); err != nil {
		return nil, cut(err)
	}
	once := number(r.number)
	plain, err := r.aead.Open(sealed[:0], once[:], sealed, word[:])
	if err != nil {
		return nil, fmt.Errorf("seal: chunk %d was changed", r.number)
	}
	r.number++
	if !last {
		return plain, nil
	}
	if n, err := r.src.Read(word[:1]); n != 0 || err == nil {
		return nil, fmt.Errorf("seal: something follows the last chunk, which is chunk %d", r.number-1)
	}
	return plain, io.EOF
}

// cut says that a chunk is not there to its end.
func cut(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return ErrCut
	}
	return fmt.Errorf("seal: read: %w", err)
}
