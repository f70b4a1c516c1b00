package memory

import (
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// number is a key of trees in tests.
type number int

func (a number) compare(b number) int { return int(a - b) }

// A tree does what a map with sorted keys does, stays balanced, and what was copied from it before never changes.
func TestTreeIsAPersistentSortedMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var now, before tree[number, int]
		model, modelBefore := map[number]int{}, map[number]int{}
		key := rapid.Map(rapid.IntRange(0, 40), func(n int) number { return number(n) })
		t.Repeat(map[string]func(*rapid.T){
			"put": func(t *rapid.T) {
				k, v := key.Draw(t, "key"), rapid.Int().Draw(t, "value")
				now.put(k, v)
				model[k] = v
			},
			"remove": func(t *rapid.T) {
				k := key.Draw(t, "key")
				now.remove(k)
				delete(model, k)
			},
			"copy": func(*rapid.T) { before, modelBefore = now, maps.Clone(model) },
			"": func(t *rapid.T) {
				holds(t, now, model)
				holds(t, before, modelBefore)
			},
		})
	})
}

func holds(t *rapid.T, tr tree[number, int], want map[number]int) {
	keys := slices.Sorted(maps.Keys(want))
	k := number(rapid.IntRange(-1, 41).Draw(t, "place"))
	place, _ := slices.BinarySearch(keys, k)

	value, ok := tr.find(k)
	wanted, there := want[k]
	require.Equal(t, there, ok)
	require.Equal(t, wanted, value)

	var from, before, back []number
	for k, v := range tr.from(k) {
		require.Equal(t, want[k], v)
		from = append(from, k)
	}
	for k, v := range tr.before(k) {
		require.Equal(t, want[k], v)
		before = append(before, k)
	}
	for k := range tr.backward() {
		back = append(back, k)
	}
	for range tr.from(k) {
		break // a sequence may be left
	}
	for range tr.before(k) {
		break
	}
	slices.Reverse(before)
	slices.Reverse(back)
	require.True(t, slices.Equal(keys[place:], from), "from %d: got %v of %v", k, from, keys)
	require.True(t, slices.Equal(keys[:place], before), "before %d: got %v of %v", k, before, keys)
	require.True(t, slices.Equal(keys, back))
	balanced(t, tr.root)
}

func balanced(t *rapid.T, n *node[number, int]) int {
	if n == nil {
		return 0
	}
	left, right := balanced(t, n.left), balanced(t, n.right)
	require.LessOrEqual(t, max(left, right)-min(left, right), 1, "unbalanced at %d", n.key)
	require.Equal(t, n.height, 1+max(left, right))
	return n.height
}
