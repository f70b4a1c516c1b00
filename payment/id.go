package payment

import (
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"io"
	"strconv"
)

// idText sorts as its bytes do, and is safe in addresses and file names.
var idText = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

// newID makes an ID that sorts by the time it was made: 48 bits of milliseconds, 80 random bits.
func (s *Service) newID(prefix string) (string, error) {
	var b [18]byte
	binary.BigEndian.PutUint64(b[:8], uint64(s.now().UnixMilli()))
	if _, err := io.ReadFull(s.cfg.Random, b[8:]); err != nil {
		return "", fmt.Errorf("payment: random source: %w", err)
	}
	return prefix + idText.EncodeToString(b[2:]), nil
}

// randomNumber is from 1 to 2⁶³−1.
func (s *Service) randomNumber() (uint64, error) {
	var b [8]byte
	for {
		if _, err := io.ReadFull(s.cfg.Random, b[:]); err != nil {
			return 0, fmt.Errorf("payment: random source: %w", err)
		}
		if n := binary.BigEndian.Uint64(b[:]) >> 1; n != 0 {
			return n, nil
		}
	}
}

func digits(n int64) string { return strconv.FormatInt(n, 10) }
