//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd || windows)

package sqlite

import "errors"

// fileLock is not to be had here.
type fileLock struct{}

// lockFile refuses: there is no lock on this system that ends with its process, and a file that is written to twice is
// worse than one that is not opened.
func lockFile(string) (*fileLock, error) { return nil, errors.ErrUnsupported }

func (l *fileLock) release() error { return nil }
