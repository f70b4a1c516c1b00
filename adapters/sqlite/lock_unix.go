//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package sqlite

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// fileLock is a lock that one opening of a file holds, in this process or another one. It ends with the process, so
// that nothing has to be cleaned up after a crash.
type fileLock struct{ file *os.File }

// lockFile locks a file of its own beside the database. The database itself would not do: SQLite's locks on it belong to
// the process, and closing any other handle on it would take them away.
func lockFile(path string) (*fileLock, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	for {
		err = unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if !errors.Is(err, unix.EINTR) {
			break
		}
	}
	if err != nil {
		file.Close()
		if errors.Is(err, unix.EWOULDBLOCK) {
			return nil, ErrLocked
		}
		return nil, err
	}
	return &fileLock{file}, nil
}

// release ends the lock. The file stays: removing it would let two others lock two files of the same name.
func (l *fileLock) release() error { return l.file.Close() }
