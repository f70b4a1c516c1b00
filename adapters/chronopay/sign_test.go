package chronopay_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/oplata-go/oplata/adapters/chronopay"
	"github.com/oplata-go/oplata/connector/secret"
)

// TestVectors holds both signs to the published vectors. Those of the Gate have no rule here yet; that their text
// is hashed right is checked with the rest.
func TestVectors(t *testing.T) {
	data, err := os.ReadFile("testdata/signatures.json")
	require.NoError(t, err)
	var vectors []struct {
		Call    string
		Secret  string
		Inputs  [][2]string
		Message string
		Digest  string `json:"digest_hex"`
	}
	require.NoError(t, json.Unmarshal(data, &vectors))
	checked := map[string]int{}
	for _, v := range vectors {
		in := map[string]string{}
		for _, pair := range v.Inputs {
			in[pair[0]] = pair[1]
		}
		sharedSec := secret.New(v.Secret)
		require.Equal(t, v.Digest, md5hex(v.Message))
		call, _, _ := strings.Cut(v.Call, "_")
		checked[call]++
		switch call {
		case "request":
			rule := chronopay.Rule(strings.ToUpper(strings.TrimPrefix(v.Call, "request_")))
			request := chronopay.RequestSign{ProductID: in["product_id"], ProductPrice: in["product_price"], OrderID: in["order_id"]}
			require.Equal(t, v.Digest, request.Sign(rule, sharedSec), v.Message)
		case "callback":
			callback := chronopay.CallbackSign{
				CustomerID: in["customer_id"], TransactionID: in["transaction_id"],
				TransactionType: in["transaction_type"], Total: in["total"],
			}
			require.Equal(t, v.Digest, callback.Sign(sharedSec), v.Message)
		}
	}
	require.Equal(t, map[string]int{"request": 5, "callback": 3, "gate": 5}, checked)
}

// The rules with a time limit have no vector: their text is written out here.
func TestRulesWithoutAVector(t *testing.T) {
	request := chronopay.RequestSign{
		ProductID: product, ProductPrice: "500.00", OrderID: "100045", TimeLimit: "30", ExpireTime: "2026-03-30T12:00:00+0300",
	}
	require.Equal(t, md5hex(product+"-500.00-100045-30-"+sec), request.Sign(chronopay.R3, secret.New(sec)))
	require.Equal(t, md5hex(product+"-500.00-100045-2026-03-30T12:00:00+0300-"+sec), request.Sign(chronopay.R4, secret.New(sec)))
}
