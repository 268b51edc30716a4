#!/bin/sh
# What rpm says about the order of versions, for src/bls/rpm_version.rs:
#     apt-get install -y --no-install-recommends rpm && tests/bls/rpm.sh > tests/bls/rpm.txt
# Recorded with rpm 4.18.0 (Debian 12). No `^`: GRUB's blscfg is older than that.
set -eu
versions='1 01 2 10 1.0 1.10 1.2 1a 1.a a 1~rc1 1~rc2 1~ 1..0 1_0 1.0.0 5.14.0 5.14.0-1 6.1.0-56.el9 6.1.0-9.el9 el8 el9 fc39 fc40
200.fc40.x86_64 201.fc40.x86_64 0-rescue 20240101 2024.01.01 A a1 1a1 1a10 18446744073709551616 18446744073709551617'
printf '%s\n' $versions |
awk '{ v[NR] = $0 } END { for (a in v) for (b in v) if (a + 0 < b + 0)
    print "print(\"" v[a] "\\t" v[b] "\\t\" .. rpm.vercmp(\"" v[a] "\",\"" v[b] "\") .. \"\\n\")" }' > /tmp/rpm-vercmp.lua
rpm --eval "%{lua:dofile('/tmp/rpm-vercmp.lua')}" | grep . | sort
rm /tmp/rpm-vercmp.lua
