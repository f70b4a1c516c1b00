package connector

import "sync"

// lru keeps the values that were used last. It is safe for concurrent use.
type lru[K comparable, V any] struct {
	mu    sync.Mutex
	most  int
	items map[K]*entry[K, V]
	ring  entry[K, V] // holds no value: after it stands the last used, before it the one to drop
}

type entry[K comparable, V any] struct {
	before, after *entry[K, V]
	key           K
	value         V
}

func newLRU[K comparable, V any](most int) *lru[K, V] {
	c := &lru[K, V]{most: most}
	c.clear()
	return c
}

func (c *lru[K, V]) get(key K) (value V, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.items[key]
	if !ok {
		return value, false
	}
	e.leave()
	c.front(e)
	return e.value, true
}

func (c *lru[K, V]) put(key K, value V) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e, ok := c.items[key]; ok {
		e.leave()
	}
	e := &entry[K, V]{key: key, value: value}
	c.items[key] = e
	c.front(e)
	if len(c.items) > c.most {
		last := c.ring.before
		last.leave()
		delete(c.items, last.key)
	}
}

func (c *lru[K, V]) clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.items = map[K]*entry[K, V]{}
	c.ring.before, c.ring.after = &c.ring, &c.ring
}

func (c *lru[K, V]) front(e *entry[K, V]) {
	e.before, e.after = &c.ring, c.ring.after
	e.after.before = e
	c.ring.after = e
}

func (e *entry[K, V]) leave() {
	e.before.after, e.after.before = e.after, e.before
}
