// Package connector describes payment gateways to the rest of the SDK.
package connector
