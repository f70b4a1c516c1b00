# shellcheck shell=bash
# What .ci/run and .ci/long share: the pinned tools, the environment, and how a stage is run, timed and summed up.

shopt -s inherit_errexit # a failure inside $(...) is a failure

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"

golangci_version=v2.15.0
gofumpt_version=v0.12.0

# A user's own settings must not decide what is tested. GOFLAGS=-mod=mod breaks workspace mode, and under GOWORK=off
# `go test work` quietly tests the root module alone.
export GOFLAGS=-buildvcs=false
export GOWORK=$root/go.work
export OPLATA_CI=1 # a tool that a test calls must be there
export PATH=$root/.ci/bin:$PATH

# Every module of the repository, the root first.
mapfile -t modules < <(find . -name go.mod -not -path '*/testdata/*' -printf '%h\n' | sort)

stage_names=() stage_times=() stage_results=() failed=0

# stage NAME COMMAND... runs one stage and keeps its result. It always returns 0, so that the next stage runs too.
# The command runs in a subshell outside any condition, where `set -e` holds.
stage() {
	local name=$1 began=$SECONDS status
	shift
	printf '\n=== %s\n' "$name"
	set +e
	(
		set -e
		"$@"
	)
	status=$?
	set -e
	stage_names+=("$name")
	stage_times+=($((SECONDS - began)))
	if ((status == 0)); then
		stage_results+=(ok)
	else
		stage_results+=(FAILED)
		failed=$((failed + 1))
	fi
	printf '=== %s: %s, %d s\n' "$name" "${stage_results[-1]}" "${stage_times[-1]}"
}

# finish prints the table and ends the script: non-zero when a stage failed.
finish() {
	local i
	printf '\n%-44s %8s  %s\n' stage seconds result
	for i in "${!stage_names[@]}"; do
		printf '%-44s %8d  %s\n' "${stage_names[i]}" "${stage_times[i]}" "${stage_results[i]}"
	done
	printf '%-44s %8d  ' total "$SECONDS"
	if ((failed > 0)); then
		printf '%d FAILED\n' "$failed"
		exit 1
	fi
	printf 'ok\n'
	exit 0
}

# in_modules COMMAND... runs the command in the folder of every module and fails when it failed in any.
in_modules() {
	local module status=0
	for module in "${modules[@]}"; do
		printf -- '--- %s: %s\n' "$module" "$*"
		(cd "$module" && "$@") || status=1
	done
	return $status
}

# folders_with PATTERN prints the folders whose Go files have a line that matches.
folders_with() {
	grep -rlE --include='*.go' --exclude-dir=testdata -e "$1" . | xargs -r dirname | sort -u || true
}

# install_tools brings whatever the stages need beyond Go itself.
install_tools() {
	local packages=()
	command -v git >/dev/null || packages+=(git)
	command -v gcc >/dev/null || packages+=(gcc libc6-dev) # -race needs cgo
	command -v shellcheck >/dev/null || packages+=(shellcheck)
	local command
	for command in strace chromium; do # only what a test calls
		if grep -rqF --include='*_test.go' "\"$command\"" . && ! command -v "$command" >/dev/null; then
			packages+=("$command")
		fi
	done
	if ((${#packages[@]} > 0)); then
		printf 'installing %s\n' "${packages[*]}"
		apt-get update -qq
		DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${packages[@]}"
	fi
	go_tool golangci-lint github.com/golangci/golangci-lint/v2/cmd/golangci-lint "$golangci_version"
	go_tool gofumpt mvdan.cc/gofumpt "$gofumpt_version"

	printf '%s, %s, %d processors, %s\n' "$(go version)" "$(uname -sr)" "$(nproc)" "modules: ${modules[*]}"
}

# go_tool NAME PACKAGE VERSION builds a tool into .ci/bin, unless just this version is at hand already.
go_tool() {
	local found
	found=$(command -v "$1" || true)
	if [[ -n $found ]] && go version -m "$found" | grep -qE "^[[:space:]]+mod[[:space:]].*[[:space:]]$3([[:space:]]|$)"; then
		return
	fi
	GOBIN=$root/.ci/bin GOWORK=off go install "$2@$3"
}

# check_workspace fails unless the workspace names every module: what it does not name, `go test work` does not test.
check_workspace() {
	local listed
	listed=$(go list -m -f '{{.Dir}}' | sed "s|^$root|.|" | sort)
	if [[ $listed != "$(printf '%s\n' "${modules[@]}" | sort)" ]]; then
		printf 'go.work and the folders with a go.mod differ:\n'
		diff <(printf '%s\n' "$listed") <(printf '%s\n' "${modules[@]}" | sort)
		return 1
	fi
}

# fuzz_targets prints "folder target" for every fuzz target of every module.
fuzz_targets() {
	local folder names
	for folder in $(folders_with '^func Fuzz'); do
		if ! names=$(go test -list '^Fuzz' "$folder" 2>&1); then
			printf '%s\n' "$names" >&2
			return 1
		fi
		sed -n "s|^Fuzz|$folder &|p" <<<"$names"
	done
}

# fuzz_each DURATION TARGETS fuzzes every target of the list for that long.
fuzz_each() {
	local status=0 folder target
	while read -r -u 3 folder target; do
		printf -- '--- %s %s\n' "$folder" "$target"
		fuzz "$folder" "$target" "$1" || status=1
	done 3<<<"$2"
	return $status
}

# fuzz FOLDER TARGET DURATION fuzzes one target and shows the input that broke it.
fuzz() {
	local log status=0
	log=$(mktemp)
	go test -run '^$' -fuzz "^$2\$" -fuzztime "$3" "$1" 2>&1 | tee "$log" || status=1
	if ((status != 0)) && only_the_deadline "$log"; then
		printf 'the time was up: go.dev/issue/75804, no failing input\n'
		status=0
	fi
	sed -n 's/.*Failing input written to //p' "$log" | while read -r input; do
		printf 'failing input %s/%s:\n' "$1" "$input"
		cat "$1/$input"
	done
	rm -f "$log"
	return $status
}

# only_the_deadline tells whether nothing failed but the fuzzing engine's own clock: Go 1.26 may report the end of
# -fuzztime as a failed target (go.dev/issue/75804). A log that holds any other line is a failure.
only_the_deadline() {
	grep -qx '    context deadline exceeded' "$1" &&
		! grep -qvE '^(fuzz: .*|--- FAIL: Fuzz.*|    context deadline exceeded|FAIL.*|exit status 1|)$' "$1"
}
