package sqlite

import (
	"errors"
	"os"

	"golang.org/x/sys/windows"
)

// fileLock is a lock that one opening of a file holds, in this process or another one. It ends with the process, so
// that nothing has to be cleaned up after a crash.
type fileLock struct{ file *os.File }

// lockFile locks a file of its own beside the database.
func lockFile(path string) (*fileLock, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	const flags = windows.LOCKFILE_EXCLUSIVE_LOCK | windows.LOCKFILE_FAIL_IMMEDIATELY
	if err := windows.LockFileEx(windows.Handle(file.Fd()), flags, 0, 1, 0, new(windows.Overlapped)); err != nil {
		file.Close()
		if errors.Is(err, windows.ERROR_LOCK_VIOLATION) || errors.Is(err, windows.ERROR_IO_PENDING) {
			return nil, ErrLocked
		}
		return nil, err
	}
	return &fileLock{file}, nil
}

// release ends the lock. The file stays: removing it would let two others lock two files of the same name.
func (l *fileLock) release() error { return l.file.Close() }
