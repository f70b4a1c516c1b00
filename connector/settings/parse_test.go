package settings

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// FuzzParse compares the two ways of reading with each other and with encoding/json, which is more lenient.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		`{}`, `[]`, `null`, `-0.10e+5`, `"a\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00"`, `{"a":{"b":[1,true,false,null,"x",[],{}]},"":0}`, ` [ 1 , 2 ] `,
		`{"a":1,"a":1}`, `"\ud800"`, "\"\xff\"", `[1,]`, `01`, strings.Repeat("[", 70),
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		value, nodes, fault := decode(src)
		tree, treeNodes, treeFault := parse(src, MaxValue, MaxValue)
		require.Equal(t, fault, treeFault)
		if fault != nil {
			return
		}
		require.Equal(t, nodes, treeNodes)
		require.Equal(t, value, tree.any())
		require.Equal(t, string(bytes.TrimSpace(src)), string(tree.print(nil)))
		tree.touch()
		again, _, fault := decode(tree.print(nil))
		require.Nil(t, fault)
		require.Equal(t, value, again, "printed anew it says the same")

		d := json.NewDecoder(bytes.NewReader(src))
		d.UseNumber()
		var want any
		require.NoError(t, d.Decode(&want))
		require.Equal(t, want, value)
	})
}

// touch marks every container as changed, so that print writes it anew.
func (n *node) touch() {
	n.changed = n.kind == '{' || n.kind == '['
	for i := range n.members {
		n.members[i].value.touch()
	}
	for i := range n.items {
		n.items[i].touch()
	}
}
