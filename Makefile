# A thin front door: meson builds the program, npm the pages, scripts/ do the rest.
BUILD ?= build

all: program pages

program:
	@scripts/install-packages build
	@test -f $(BUILD)/build.ninja || meson setup $(BUILD)
	@test -z "$$(find src sql tests -type d -newer $(BUILD)/build.ninja)" || meson setup --reconfigure $(BUILD) >/dev/null # a file more or less
	@ninja -C $(BUILD)

# The pages need Node.js 18 or newer; without it the server says on / that it has none.
pages:
	@scripts/build-pages

# Installs, builds, makes ./data, shows the tour, leaves the server running.
demo:
	@scripts/demo

# Installs what the tests need and runs all of them; CHECK="unit api" runs only these steps (scripts/check --list).
check:
	@scripts/check $(CHECK)

check-pages:
	@scripts/check pages

# Figures as ratios in one run, with the machine's data.
bench: program
	@scripts/bench

# The full sizes of docs/reliability.md: hours.
soak: program
	@scripts/soak

# Ten minutes per target; FUZZ_SECONDS changes it.
fuzz:
	@scripts/fuzz $${FUZZ_SECONDS:-600}

format:
	@clang-format -i $$(find src tests -name '*.[ch]')

install: all
	@meson install -C $(BUILD)

clean:
	@rm -rf $(BUILD) build-* web/node_modules

.PHONY: all program pages demo check check-pages bench soak fuzz format install clean
