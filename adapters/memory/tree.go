package memory

import "iter"

// ordered is what a key of a tree can do: say whether it comes before (negative), is (zero) or comes after another.
type ordered[K any] interface{ compare(K) int }

// tree is a persistent ordered map. Copying the value copies the map at no cost: put and remove replace the root by
// one that shares all but a path of nodes with the old one, and no node is ever changed. The zero value is empty.
//
// The nodes form an AVL tree: the heights of two siblings differ by one at most.
type tree[K ordered[K], V any] struct{ root *node[K, V] }

type node[K ordered[K], V any] struct {
	key         K
	value       V
	left, right *node[K, V]
	height      int
}

// find gives the value of a key.
func (t *tree[K, V]) find(key K) (V, bool) {
	for n := t.root; n != nil; {
		switch c := key.compare(n.key); {
		case c < 0:
			n = n.left
		case c > 0:
			n = n.right
		default:
			return n.value, true
		}
	}
	var none V
	return none, false
}

// put inserts a key or replaces its value.
func (t *tree[K, V]) put(key K, value V) { t.root = t.root.put(key, value) }

// remove deletes a key if it is there.
func (t *tree[K, V]) remove(key K) {
	if _, ok := t.find(key); ok {
		t.root = t.root.remove(key)
	}
}

// from yields the keys that are not before start, ascending. The tree may be changed meanwhile; the sequence goes over
// what it was.
func (t *tree[K, V]) from(start K) iter.Seq2[K, V] {
	root := t.root
	return func(yield func(K, V) bool) { root.ascend(start, yield) }
}

// before yields the keys that are before end, descending.
func (t *tree[K, V]) before(end K) iter.Seq2[K, V] {
	root := t.root
	return func(yield func(K, V) bool) { root.descend(&end, yield) }
}

// backward yields all keys, descending.
func (t *tree[K, V]) backward() iter.Seq2[K, V] {
	root := t.root
	return func(yield func(K, V) bool) { root.descend(nil, yield) }
}

func (n *node[K, V]) put(key K, value V) *node[K, V] {
	if n == nil {
		return &node[K, V]{key: key, value: value, height: 1}
	}
	switch c := key.compare(n.key); {
	case c < 0:
		return join(n.left.put(key, value), n, n.right)
	case c > 0:
		return join(n.left, n, n.right.put(key, value))
	default:
		return &node[K, V]{key: key, value: value, left: n.left, right: n.right, height: n.height}
	}
}

// remove deletes a key that is there.
func (n *node[K, V]) remove(key K) *node[K, V] {
	switch c := key.compare(n.key); {
	case c < 0:
		return join(n.left.remove(key), n, n.right)
	case c > 0:
		return join(n.left, n, n.right.remove(key))
	case n.left == nil:
		return n.right
	case n.right == nil:
		return n.left
	}
	next := n.right
	for next.left != nil {
		next = next.left
	}
	return join(n.left, next, n.right.remove(next.key))
}

// ascend yields what is not before start, and reports whether to go on.
func (n *node[K, V]) ascend(start K, yield func(K, V) bool) bool {
	if n == nil {
		return true
	}
	if n.key.compare(start) < 0 {
		return n.right.ascend(start, yield)
	}
	return n.left.ascend(start, yield) && yield(n.key, n.value) && n.right.ascend(start, yield)
}

// descend yields what is before end, everything if end is nil, and reports whether to go on.
func (n *node[K, V]) descend(end *K, yield func(K, V) bool) bool {
	if n == nil {
		return true
	}
	if end != nil && n.key.compare(*end) >= 0 {
		return n.left.descend(end, yield)
	}
	return n.right.descend(end, yield) && yield(n.key, n.value) && n.left.descend(end, yield)
}

// join makes a balanced node with the key and value of middle over two trees whose heights differ by two at most.
func join[K ordered[K], V any](left, middle, right *node[K, V]) *node[K, V] {
	switch d := left.depth() - right.depth(); {
	case d > 1 && left.left.depth() >= left.right.depth():
		return above(left.left, left, above(left.right, middle, right))
	case d > 1:
		return above(above(left.left, left, left.right.left), left.right, above(left.right.right, middle, right))
	case d < -1 && right.right.depth() >= right.left.depth():
		return above(above(left, middle, right.left), right, right.right)
	case d < -1:
		return above(above(left, middle, right.left.left), right.left, above(right.left.right, right, right.right))
	default:
		return above(left, middle, right)
	}
}

// above makes a node with the key and value of middle over two trees.
func above[K ordered[K], V any](left, middle, right *node[K, V]) *node[K, V] {
	return &node[K, V]{
		key: middle.key, value: middle.value, left: left, right: right,
		height: 1 + max(left.depth(), right.depth()),
	}
}

func (n *node[K, V]) depth() int {
	if n == nil {
		return 0
	}
	return n.height
}
