"""That what README.md shows is so: its C++ programs compile, the files and
options that it names exist. usage: readme_test.py BUILD_DIRECTORY"""

import os
import re
import subprocess
import sys
import tempfile
import unittest

ROOT = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                     "..", ".."))
BIN = os.path.join(sys.argv.pop(), "bin") if len(sys.argv) > 1 else None


def readme():
    with open(os.path.join(ROOT, "README.md"), encoding="utf-8") as file:
        return file.read()


class Readme(unittest.TestCase):
    def test_its_programs_compile(self):
        programs = re.findall(r"```cpp\n(.*?)```", readme(), re.DOTALL)
        self.assertEqual(len(programs), 4)
        for program in programs:
            with tempfile.NamedTemporaryFile("w", suffix=".cc") as file:
                file.write(program)
                file.flush()
                result = subprocess.run(
                    ["g++", "-std=c++20", "-Wall", "-Wextra", "-Werror",
                     "-fsyntax-only", "-I", ROOT + "/client_sdk/include",
                     "-I", ROOT + "/broker_agent/include", file.name],
                    check=False, capture_output=True, text=True)
            self.assertEqual(result.returncode, 0, result.stderr)

    def test_the_files_it_names_exist(self):
        named = re.findall(r"`([a-z_.]+/[A-Za-z_./-]*)", readme())
        self.assertGreater(len(named), 20)
        for path in named:
            if path.startswith("build/"):
                continue
            self.assertTrue(os.path.exists(os.path.join(ROOT, path)), path)

    def test_the_flags_it_shows_are_flags(self):
        commands = re.findall(r"\./(waypost[a-z-]+)((?:[^\n]|\\\n)*)", readme())
        self.assertGreaterEqual(len(commands), 4)
        for program, rest in commands:
            help_text = subprocess.run(
                [os.path.join(BIN, program), "--help"], check=True,
                capture_output=True, text=True).stdout
            for flag in re.findall(r"--[a-z.-]+", rest):
                self.assertIn(flag, help_text, program)


if __name__ == "__main__":
    unittest.main()
