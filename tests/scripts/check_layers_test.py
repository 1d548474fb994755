"""That scripts/check_layers notices each kind of broken rule."""

import os
import subprocess
import sys
import tempfile
import unittest

SCRIPT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..",
                      "scripts", "check_layers")


def check(files):
    """Runs the check over a tree of {path: text}: exit status and output."""
    with tempfile.TemporaryDirectory() as root:
        for path, text in files.items():
            full = os.path.join(root, path)
            os.makedirs(os.path.dirname(full), exist_ok=True)
            with open(full, "w", encoding="utf-8") as file:
                file.write(text)
        result = subprocess.run([sys.executable, SCRIPT, root], check=False,
                                capture_output=True, text=True)
        return result.returncode, result.stdout


class CheckLayers(unittest.TestCase):
    def refused(self, files, *parts):
        status, output = check(files)
        self.assertEqual(status, 1, output)
        for part in parts:
            self.assertIn(part, output)

    def accepted(self, files):
        status, output = check(files)
        self.assertEqual(status, 0, output)

    def test_a_folder_may_include_what_stands_below_it(self):
        self.accepted({
            "base/clock.h": "#include <chrono>\n",
            "wire/model/ids.h": '#include "base/clock.h"\n',
            "wire/codec/native.h": '#include "wire/model/ids.h"\n',
            "tests/wire/x.cc": '#include "wire/codec/native.h"\n'})

    def test_the_other_way_round_is_told_with_its_line(self):
        self.refused({
            "base/clock.h": '\n#include "wire/model/ids.h"\n',
            "wire/model/ids.h": ""},
            "base/clock.h:2:", "not wire/model")

    def test_pure_cores_do_not_include_each_other(self):
        self.refused({
            "namesrv/registry/a.cc": '#include "namesrv/lifecycle/l.h"\n',
            "namesrv/lifecycle/l.h": ""},
            "namesrv/registry/a.cc:1:")

    def test_handlers_know_the_service_and_not_the_store(self):
        self.refused({
            "namesrv/handlers/native/a.cc":
                '#include "namesrv/store/roster_store.h"\n',
            "namesrv/store/roster_store.h": ""},
            "not namesrv/store")

    def test_nothing_includes_tests(self):
        self.refused({
            "base/a.cc": '#include "tests/t.h"\n', "tests/t.h": ""},
            "nothing includes tests")

    def test_libuv_and_c_ares_stay_in_the_transport(self):
        self.accepted({"wire/transport/a.cc": "#include <uv.h>\n"})
        self.refused({"wire/rpc/a.cc": "#include <uv.h>\n"}, "libuv")
        self.refused({"broker_agent/runtime/a.cc": "#include <ares.h>\n"},
                     "c-ares")

    def test_spdlog_and_cli11_stay_in_process(self):
        self.accepted({"process/a.cc": "#include <CLI/CLI.hpp>\n"})
        self.refused({"admin_cli/a.cc": "#include <CLI/CLI.hpp>\n"}, "CLI11")
        self.refused({"base/a.cc": "#include <spdlog/logger.h>\n"}, "spdlog")

    def test_a_header_that_shows_a_library_is_for_its_own_folder(self):
        files = {"wire/transport/uv_loop.h": "#include <uv.h>\n",
                 "wire/transport/a.cc": '#include "wire/transport/uv_loop.h"\n'}
        self.accepted(files)
        self.refused(files | {
            "wire/rpc/a.cc": '#include "wire/transport/uv_loop.h"\n'},
            "shows libuv")

    def test_it_may_be_included_by_who_may_know_the_library_itself(self):
        header = {"wire/documents/a.h": "#include <nlohmann/json.hpp>\n"}
        self.accepted(header | {
            "admin_cli/a.cc": '#include "wire/documents/a.h"\n'})
        # Known to this one, but no folder of its own.
        self.refused(header | {
            "broker_agent/sidecar/a.cc": '#include "wire/documents/a.h"\n'},
            "may include")

    def test_public_sdk_headers_include_only_the_standard_library(self):
        self.accepted({
            "client_sdk/include/waypost/a.hpp":
                "#include <string>\n#include <waypost/b.hpp>\n",
            "client_sdk/include/waypost/b.hpp": "#include <cstdint>\n"})
        for line in ('#include "base/error.h"', "#include <tl/expected.hpp>",
                     "#include <unistd.h>"):
            self.refused({"client_sdk/include/waypost/a.hpp": line + "\n",
                          "base/error.h": ""},
                         "public SDK headers")

    def test_a_missing_file_and_an_unknown_folder_are_told(self):
        self.refused({"base/a.cc": '#include "clock.h"\n'}, "no such file")
        self.refused({"wire/new/a.cc": '#include "base/a.h"\n',
                      "base/a.h": ""}, "no place")

    def test_an_empty_tree_is_no_success(self):
        self.assertEqual(check({})[0], 1)


if __name__ == "__main__":
    unittest.main()
