package main

import (
	"os"
	"syscall"
	"time"
)

// flush waits until what was written is on the disk, as SQLite does it.
func flush(file *os.File) error { return syscall.Fdatasync(int(file.Fd())) }

// cpuTime is what this process has used so far, in the system and outside.
func cpuTime() time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		return 0
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
