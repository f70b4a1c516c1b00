package deps

import (
	_ "github.com/stretchr/testify/assert"
	_ "github.com/stretchr/testify/require"
	_ "go.uber.org/goleak"
	_ "modernc.org/sqlite"
	_ "modernc.org/sqlite/lib"
	_ "pgregory.net/rapid"
	_ "golang.org/x/sys/unix"
)
