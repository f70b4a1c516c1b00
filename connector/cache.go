package connector

import (
	"container/list"
	"sync"
)

// lru keeps the values that were used last. It is safe for concurrent use.
type lru[K comparable, V any] struct {
	mu    sync.Mutex
	most  int
	order *list.List // of entry[K, V], the last used in front
	items map[K]*list.Element
}

type entry[K comparable, V any] struct {
	key   K
	value V
}

func newLRU[K comparable, V any](most int) *lru[K, V] {
	return &lru[K, V]{most: most, order: list.New(), items: make(map[K]*list.Element)}
}

func (c *lru[K, V]) get(key K) (value V, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	at, ok := c.items[key]
	if !ok {
		return value, false
	}
	c.order.MoveToFront(at)
	return at.Value.(*entry[K, V]).value, true
}

func (c *lru[K, V]) put(key K, value V) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if at, ok := c.items[key]; ok {
		at.Value.(*entry[K, V]).value = value
		c.order.MoveToFront(at)
		return
	}
	c.items[key] = c.order.PushFront(&entry[K, V]{key, value})
	if c.order.Len() > c.most {
		last := c.order.Back()
		delete(c.items, last.Value.(*entry[K, V]).key)
		c.order.Remove(last)
	}
}

func (c *lru[K, V]) clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.order.Init()
	clear(c.items)
}
