"""That the installed package and the Debian packages work for somebody else:
what is in them, what the libraries show, and programs that are built against
them and run. usage: package_test.py BUILD_DIRECTORY (built before)"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
BUILD = os.path.abspath(sys.argv.pop())
OUTSIDE = os.path.join(HERE, "outside")
DEBS = {"waypost-namesrv", "waypost-agent", "waypostctl", "libwaypost0",
        "libwaypost-dev"}


def run(*command, **more):
    result = subprocess.run(command, check=False, capture_output=True,
                            text=True, timeout=240, **more)
    if result.returncode != 0:
        raise AssertionError(f"{' '.join(command)}: {result.returncode}\n"
                             f"{result.stdout[-3000:]}{result.stderr[-3000:]}")
    return result.stdout


def is_inner(symbol):
    """Whether it is of a namespace within ours, as waypost::base: those have
    names in lower case, which another name follows (7waypost4base5Error)."""
    match = re.match(r"_ZNK?7waypost(\d+)", symbol)
    if match is None:
        return False
    end = match.end() + int(match[1])
    return symbol[match.end()].islower() and symbol[end:end + 1].isdigit()


def stop(process):
    process.terminate()
    process.wait(60)


class Nameserver:
    """The installed nameserver, with the configuration that it came with."""

    def __init__(self, program, config, directory):
        self.process = subprocess.Popen(
            [program, "--config", config, "--listen", "127.0.0.1:0",
             "--data-dir", directory], stderr=subprocess.DEVNULL)
        told = os.path.join(directory, "address")
        until = time.monotonic() + 60
        while not os.path.exists(told) and time.monotonic() < until:
            time.sleep(0.02)
        with open(told, encoding="utf-8") as file:
            self.address = file.read().strip()

    def stop(self):
        stop(self.process)


class Package(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.work = tempfile.mkdtemp(prefix="waypost-package-")
        cls.addClassCleanup(shutil.rmtree, cls.work)
        cls.prefix = os.path.join(cls.work, "prefix")
        run("cmake", "--install", BUILD, "--prefix", cls.prefix, "--strip")
        cls.debs = os.path.join(cls.work, "debs")
        run("cpack", "-B", cls.debs, cwd=BUILD)
        cls.root = os.path.join(cls.work, "root")
        for name in os.listdir(cls.debs):
            if name.endswith(".deb"):
                run("dpkg-deb", "-x", os.path.join(cls.debs, name), cls.root)
        cls.nameserver = Nameserver(
            os.path.join(cls.root, "usr/bin/waypost-namesrv"),
            os.path.join(cls.root, "etc/waypost/namesrv.conf"),
            os.path.join(cls.work, "data"))
        cls.addClassCleanup(cls.nameserver.stop)
        cls.start_agent()
        cls.libraries = os.path.join(cls.root, "usr/lib")
        cls.examples = os.path.join(
            cls.root, "usr/share/doc/libwaypost-dev/examples")
        # As a user of the Debian packages, were they installed.
        cls.environment = dict(
            os.environ, LD_LIBRARY_PATH=cls.libraries,
            PKG_CONFIG_PATH=os.path.join(cls.libraries, "pkgconfig"),
            WAYPOST_NAMESERVERS=cls.nameserver.address)

    @classmethod
    def start_agent(cls):
        """Registers broker-b of the topic `bills`."""
        topics = os.path.join(cls.work, "topics.json")
        with open(topics, "w", encoding="utf-8") as file:
            file.write('{"topics": [{"name": "bills"}]}')
        agent = subprocess.Popen(
            [os.path.join(cls.root, "usr/bin/waypost-agent"),
             "--config", os.path.join(cls.root, "etc/waypost/agent.conf"),
             "--nameservers", cls.nameserver.address, "--cluster", "outside",
             "--broker-name", "broker-b", "--broker-address",
             "127.0.0.1:1884", "--topics", topics], stderr=subprocess.DEVNULL)
        cls.addClassCleanup(stop, agent)
        ctl = os.path.join(cls.root, "usr/bin/waypostctl")
        until = time.monotonic() + 60
        while time.monotonic() < until:
            told = subprocess.run(
                [ctl, "--nameservers", cls.nameserver.address, "topic",
                 "route", "bills"], check=False, capture_output=True,
                text=True).stdout
            if "127.0.0.1:1884" in told:
                return
            time.sleep(0.05)
        raise AssertionError("the agent did not register its broker")

    def field(self, package, name):
        for file in os.listdir(self.debs):
            if file.startswith(package + "_"):
                return run("dpkg-deb", "-f", os.path.join(self.debs, file),
                           name).strip()
        raise AssertionError(f"no package {package}")

    def exported(self, library):
        text = run("nm", "-D", "--defined-only",
                   os.path.join(self.prefix, "lib", library))
        return {line.split()[2].split("@")[0] for line in text.splitlines()
                if line.split()[1] != "A"}

    def check_route(self, output):
        self.assertIn("orders: broker-a/0@127.0.0.1:1883 rw 4+4", output)

    def test_a_cmake_project_finds_and_links_it(self):
        build = os.path.join(self.work, "cmake")
        run("cmake", "-S", OUTSIDE, "-B", build, "-G", "Ninja",
            "-DCMAKE_PREFIX_PATH=" + self.prefix)
        run("cmake", "--build", build)
        for program in ("both-shared", "both-static"):
            output = run(os.path.join(build, program), self.nameserver.address)
            self.check_route(output)
        linked = run("ldd", os.path.join(build, "both-shared"))
        self.assertIn("libwaypost-client.so.0 => " + self.prefix, linked)
        linked = run("ldd", os.path.join(build, "both-static"))
        self.assertNotIn("waypost", linked)
        self.assertIn("refreshed", run(os.path.join(build, "own-test")))

    def test_a_project_in_c_alone_links_the_static_library(self):
        source = os.path.join(self.work, "in-c")
        os.mkdir(source)
        with open(os.path.join(source, "CMakeLists.txt"), "w",
                  encoding="utf-8") as file:
            file.write("cmake_minimum_required(VERSION 3.18)\n"
                       "project(in-c LANGUAGES C)\n"
                       "find_package(waypost CONFIG REQUIRED)\n"
                       f"add_executable(in-c {self.examples}/lookup.c)\n"
                       "target_link_libraries(in-c PRIVATE waypost::client)\n")
        build = os.path.join(source, "build")
        run("cmake", "-S", source, "-B", build, "-G", "Ninja",
            "-DCMAKE_PREFIX_PATH=" + self.prefix,
            "-Dwaypost_USE_STATIC_LIBS=ON")
        run("cmake", "--build", build)
        self.check_few_descriptors(os.path.join(build, "in-c"))

    def check_few_descriptors(self, program):
        """However few are left, it ends with a value, and not by a signal."""
        said = ""
        for limit in range(4, 12):
            result = subprocess.run(
                ["sh", "-c", f"ulimit -n {limit}; exec {program} bills"],
                check=False, capture_output=True, text=True, timeout=60,
                env=self.environment)
            self.assertGreaterEqual(result.returncode, 0, limit)
            said += result.stderr
        self.assertIn("check the limit of open files", said)

    def test_a_wrong_version_is_refused(self):
        with open(os.path.join(self.work, "CMakeLists.txt"), "w",
                  encoding="utf-8") as file:
            file.write("cmake_minimum_required(VERSION 3.18)\n"
                       "project(p LANGUAGES CXX)\n"
                       "find_package(waypost 9.9 CONFIG REQUIRED)\n")
        with self.assertRaisesRegex(AssertionError, "version: 0.1.0"):
            run("cmake", "-S", self.work, "-B", self.work + "/refused",
                "-DCMAKE_PREFIX_PATH=" + self.prefix)

    def test_pkg_config_tells_how_to_link_what_the_debian_packages_hold(self):
        flags = run("pkg-config", "--cflags", "--libs", "waypost-client",
                    "waypost-agent", env=self.environment).split()
        program = os.path.join(self.work, "with-pkg-config")
        run("g++", "-std=c++20", os.path.join(OUTSIDE, "both.cc"), *flags,
            "-o", program)
        self.check_route(run(program, self.nameserver.address,
                             env=self.environment))
        static = run("pkg-config", "--static", "--libs", "waypost-client",
                     env=self.environment)
        for library in ("-luv", "-lcares", "-lz", "-lstdc++", "-lm"):
            self.assertIn(library, static.split())

    def test_the_example_in_c_builds_as_it_says_and_runs(self):
        flags = run("pkg-config", "--cflags", "--libs", "waypost-client",
                    env=self.environment).split()
        program = os.path.join(self.work, "lookup-in-c")
        run("cc", "-std=c11", "-Wall", "-Wextra", "-Wpedantic", "-Werror",
            os.path.join(self.examples, "lookup.c"), *flags, "-o", program)
        output = run(program, "bills", env=self.environment)
        self.assertIn("group broker-b: 4 queues to write", output)
        self.assertIn("broker 0 at 127.0.0.1:1884", output)
        self.assertIn("sent after 2 attempts", output)
        self.assertIn("event: route changed: +broker-b", output)

    def test_the_example_in_python_runs(self):
        output = run(sys.executable,
                     os.path.join(self.examples, "lookup.py"), "bills",
                     env=self.environment)
        self.assertIn("bills: broker-b/0@127.0.0.1:1884 rw 4+4", output)
        self.assertIn("sent after 2 attempts", output)
        with self.assertRaisesRegex(AssertionError, "not-found.*nobody"):
            run(sys.executable, os.path.join(self.examples, "lookup.py"),
                "nobody's", env=self.environment)

    def test_the_libraries_show_the_api_and_nothing_else(self):
        ours = re.compile(r"(waypost_[a-z0-9_]+|_ZNK?7waypost\w+)$")
        for library in ("client", "agent"):
            exported = self.exported(f"libwaypost-{library}.so")
            for name in exported:
                self.assertRegex(name, ours)
                self.assertFalse(is_inner(name), name)
            self.assertGreaterEqual(len(exported), 8)

    def test_no_function_of_the_api_is_missing(self):
        for library in ("client", "agent"):
            text = run("nm", "--defined-only", "--extern-only",
                       os.path.join(BUILD, "lib", f"libwaypost-{library}.a"))
            names = {line.split()[2] for line in text.splitlines()
                     if re.match(r"[0-9a-f]+ T (_ZNK?7waypost|waypost_)", line)}
            api = {name for name in names if not is_inner(name)}
            self.assertGreaterEqual(len(api), 8)
            missing = api - self.exported(f"libwaypost-{library}.so")
            self.assertEqual(missing, set())

    def test_the_libraries_have_a_soname(self):
        for library in ("client", "agent"):
            path = os.path.join(self.prefix, "lib", f"libwaypost-{library}.so")
            self.assertRegex(run("readelf", "-d", path),
                             rf"SONAME.*\[libwaypost-{library}\.so\.0\]")

    def test_the_debian_packages_know_what_they_need(self):
        self.assertEqual(
            {name.split("_")[0] for name in os.listdir(self.debs)
             if name.endswith(".deb")}, DEBS)
        for package in DEBS - {"libwaypost-dev"}:
            depends = self.field(package, "Depends")
            for library in ("libuv1", "libc6", "libstdc++6"):
                self.assertIn(library, depends, package)
        told = {self.field(package, "Description") for package in DEBS}
        self.assertEqual(len(told), len(DEBS), "each tells what it is")
        self.assertIn("libsqlite3-0", self.field("waypost-namesrv", "Depends"))
        self.assertIn("libwaypost0 (= 0.1.0)",
                      self.field("libwaypost-dev", "Depends"))

    def test_a_purge_leaves_no_state_behind_and_a_removal_does(self):
        for package, left_after_purge in (("waypost-agent", ["waypost"]),
                                          ("waypost-namesrv", [])):
            root = os.path.join(self.work, "purged-" + package)
            state = os.path.join(root, "var/lib/private/waypost")
            os.makedirs(state)
            os.symlink("private/waypost", os.path.join(root, "var/lib/waypost"))
            deb = [name for name in os.listdir(self.debs)
                   if name.startswith(package + "_")][0]
            run("dpkg-deb", "-e", os.path.join(self.debs, deb), root + "/DEBIAN")
            for what, left in (("remove", ["waypost"]),
                               ("purge", left_after_purge)):
                run(root + "/DEBIAN/postrm", what,
                    env=dict(os.environ, DPKG_ROOT=root))
                self.assertEqual(os.listdir(root + "/var/lib/private"), left)
            self.assertEqual(os.path.lexists(root + "/var/lib/waypost"),
                             bool(left_after_purge))

    def test_the_units_are_what_systemd_understands(self):
        if shutil.which("systemd-analyze") is None:
            self.skipTest("no systemd-analyze")
        for program in ("namesrv", "agent"):
            unit = f"lib/systemd/system/waypost-{program}.service"
            with open(os.path.join(self.root, unit), encoding="utf-8") as file:
                text = file.read()
            start = re.search("^ExecStart=(.*)$", text, re.M)[1].split()
            self.assertTrue(os.path.exists(self.root + start[0]))
            self.assertTrue(os.path.exists(self.root + start[2]))
            # The rest of a system is not in this root, which it says too.
            said = subprocess.run(
                ["systemd-analyze", "--root", self.root, "verify",
                 os.path.join(self.root, unit)], check=False,
                capture_output=True, text=True).stderr
            self.assertNotRegex(said, "(?i)unknown|invalid|ignoring|parse")

    def test_an_agent_without_a_broker_says_what_to_set(self):
        result = subprocess.run(
            [os.path.join(self.root, "usr/bin/waypost-agent"), "--config",
             os.path.join(self.root, "etc/waypost/agent.conf")],
            check=False, capture_output=True, text=True, timeout=60)
        self.assertEqual(result.returncode, 2)
        self.assertIn("nameservers", result.stderr)


if __name__ == "__main__":
    unittest.main()
