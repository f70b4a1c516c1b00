package deps

import (
	_ "code.dny.dev/ssrf"
	_ "github.com/hashicorp/go-retryablehttp"
	_ "github.com/invopop/jsonschema"
	_ "github.com/jarcoal/httpmock"
	_ "github.com/santhosh-tekuri/jsonschema/v6"
	_ "github.com/santhosh-tekuri/jsonschema/v6/kind"
	_ "github.com/stretchr/testify/assert"
	_ "github.com/stretchr/testify/require"
	_ "golang.org/x/text/language"
	_ "golang.org/x/text/message"
	_ "golang.org/x/time/rate"
	_ "pgregory.net/rapid"
	_ "go.uber.org/goleak"
)
