package main

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"time"
)

// captured is one link-layer frame of a capture file.
type captured struct {
	at   time.Time
	link uint32 // LINKTYPE_…
	data []byte
}

// The magic numbers of capture files.
const (
	pcapMicro    = 0xa1b2c3d4
	pcapNano     = 0xa1b23c4d
	pcapngHeader = 0x0a0d0d0a
	pcapngOrder  = 0x1a2b3c4d
)

const largestFrame = 1 << 20 // nobody captures more in one piece

var errCapture = errors.New("not a capture file")

// readCapture calls take for every frame of a pcap or pcapng file, in order, and
// stops at the first error. A file that ends within a frame, as one does whose
// writer was killed, is no error.
func readCapture(r io.Reader, take func(captured) error) error {
	in := bufio.NewReaderSize(r, 1<<16)
	magic, err := in.Peek(4)
	if err != nil {
		return fmt.Errorf("%w: %w", errCapture, err)
	}
	for _, order := range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
		switch order.Uint32(magic) {
		case pcapMicro:
			err = readPcap(in, order, time.Microsecond, take)
		case pcapNano:
			err = readPcap(in, order, time.Nanosecond, take)
		case pcapngHeader:
			err = readPcapng(in, take)
		default:
			continue
		}
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return nil
		}
		return err
	}
	return fmt.Errorf("%w: it begins with % x", errCapture, magic)
}

func readPcap(in io.Reader, order binary.ByteOrder, unit time.Duration, take func(captured) error) error {
	var head [24]byte
	if _, err := io.ReadFull(in, head[:]); err != nil {
		return err
	}
	link := order.Uint32(head[20:]) & 0x0fffffff // the upper bits tell of checksums
	for {
		var record [16]byte
		if _, err := io.ReadFull(in, record[:]); err != nil {
			return err
		}
		length := order.Uint32(record[8:])
		if length > largestFrame {
			return fmt.Errorf("%w: a frame of %d bytes", errCapture, length)
		}
		data := make([]byte, length)
		if _, err := io.ReadFull(in, data); err != nil {
			return err
		}
		fraction := time.Duration(order.Uint32(record[4:])) * unit
		at := time.Unix(int64(order.Uint32(record[0:])), int64(fraction))
		if err := take(captured{at, link, data}); err != nil {
			return err
		}
	}
}

// The blocks of pcapng that matter here.
const (
	blockInterface = 1
	blockSimple    = 3
	blockEnhanced  = 6
)

// card is what pcapng says of one network card.
type card struct {
	link uint32
	unit time.Duration
}

func readPcapng(in io.Reader, take func(captured) error) error {
	var order binary.ByteOrder = binary.LittleEndian
	var cards []card
	for {
		kind, body, err := nextBlock(in, &order)
		if err != nil {
			return err
		}
		switch kind {
		case pcapngHeader: // a new section forgets the cards of the last
			cards = nil
		case blockInterface:
			if len(body) < 8 {
				return fmt.Errorf("%w: short interface block", errCapture)
			}
			cards = append(cards, card{uint32(order.Uint16(body)), resolution(order, body[8:])})
		case blockEnhanced:
			f, err := enhanced(order, body, cards)
			if err != nil {
				return err
			}
			if err := take(f); err != nil {
				return err
			}
		case blockSimple:
			return fmt.Errorf("%w: it has packets without time", errCapture)
		}
	}
}

func nextBlock(in io.Reader, order *binary.ByteOrder) (uint32, []byte, error) {
	var head [12]byte // type, length, and the first word of the body
	if _, err := io.ReadFull(in, head[:]); err != nil {
		return 0, nil, err
	}
	if binary.LittleEndian.Uint32(head[:]) == pcapngHeader { // the same in both orders
		switch {
		case binary.LittleEndian.Uint32(head[8:]) == pcapngOrder:
			*order = binary.LittleEndian
		case binary.BigEndian.Uint32(head[8:]) == pcapngOrder:
			*order = binary.BigEndian
		default:
			return 0, nil, fmt.Errorf("%w: unknown byte order", errCapture)
		}
	}
	length := (*order).Uint32(head[4:])
	if length < 12 || length%4 != 0 || length > largestFrame {
		return 0, nil, fmt.Errorf("%w: a block of %d bytes", errCapture, length)
	}
	if length == 12 { // no body: the word read is the closing length
		return (*order).Uint32(head[:]), nil, nil
	}
	rest := make([]byte, length-8)
	copy(rest, head[8:])
	if _, err := io.ReadFull(in, rest[4:]); err != nil {
		return 0, nil, err
	}
	return (*order).Uint32(head[:]), rest[:len(rest)-4], nil
}

// resolution finds option 9, if_tsresol, among the options of an interface.
func resolution(order binary.ByteOrder, options []byte) time.Duration {
	for len(options) >= 4 {
		code, length := order.Uint16(options), int(order.Uint16(options[2:]))
		if code == 0 || len(options) < 4+length {
			break
		}
		if code == 9 && length >= 1 {
			unit := time.Second
			for range options[4] & 0x7f { // powers of ten; powers of two are not used for networks
				unit /= 10
			}
			return max(unit, time.Nanosecond)
		}
		options = options[min(4+(length+3)/4*4, len(options)):]
	}
	return time.Microsecond
}

func enhanced(order binary.ByteOrder, body []byte, cards []card) (captured, error) {
	if len(body) < 20 {
		return captured{}, fmt.Errorf("%w: short packet block", errCapture)
	}
	which, length := order.Uint32(body), order.Uint32(body[12:])
	if int64(which) >= int64(len(cards)) || int64(length) > int64(len(body)-20) {
		return captured{}, fmt.Errorf("%w: packet block of card %d with %d bytes", errCapture, which, length)
	}
	c := cards[which]
	ticks := uint64(order.Uint32(body[4:]))<<32 | uint64(order.Uint32(body[8:]))
	perSecond := uint64(time.Second / c.unit)
	at := time.Unix(int64(ticks/perSecond), int64(time.Duration(ticks%perSecond)*c.unit))
	return captured{at, c.link, body[20 : 20+length]}, nil
}
