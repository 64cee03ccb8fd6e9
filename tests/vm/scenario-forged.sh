#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# vm: memory=512M swap=none timeout=180
#
# Labels written from inside. A container that owns its cgroup's directory can write user.* there: it counts
# for nothing. Below a delegated user manager it ranks that user's own groups, scaled to what the subtree as a
# whole is worth: the highest claim gets no more than that. Nor does a user's limit make a domain, of which there
# are places for 32, or a name a pod that may not die.
#
# /
# ├── filler                   no candidate: locked memory
# ├── docker
# │   └── cccc…                uid 1000; no label, so 10; claims 1000 and later protect
# ├── user@1000.service        uid 1000; no label, so 10
# │   ├── app                  claims 1000
# │   ├── job                  claims 500
# │   ├── own                  memory.max 200M
# │   │   └── one              claims 1, empty
# │   └── pod0123…             as a static pod is called
# │       └── eeee…            1 MiB
# └── web                      utility 20
. "${0%/*}/lib.sh"

need psi cgroup.kill daemon || skip "no daemon in this build"

# claim GROUP LABEL: its owner says what it is worth.
claim() {
        load as 1000 load setxattr "$CG/$1" user.jettison.utility "$2"
}

# utility_of GROUP: what the daemon holds it for.
utility_of() {
        jettison snapshot --json | tr '{' '\n' |
                sed -n "s|.*\"path\":\"$(path_of "$1")\",.*\"utility\":\([0-9]*\).*|\1|p"
}

id=cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc
container=docker/$id
group $container
group user@1000.service/app
group user@1000.service/job
group user@1000.service/own/one
echo 200M >"$CG/user@1000.service/own/memory.max"
static=user@1000.service/pod0123456789abcdef0123456789abcdef/eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee
group $static
group web utility=20
chown -R 1000:1000 "$CG/$container" "$CG/user@1000.service"
claim $container 1000
claim user@1000.service/app 1000
claim user@1000.service/job 500
claim user@1000.service/own/one 1
expect "trusted labels are out of their reach" \
        not load as 1000 load setxattr "$CG/$container" trusted.jettison.utility 1000
for name in $container user@1000.service/app user@1000.service/job web; do
        spawn $name load as 1000 hog --max 60M --rate 0
        wait_for 10 holds $name 60
done
spawn $static load as 1000 hog --max 1M --rate 0
wait_for 10 holds $static 1
expect "the daemon starts" start_daemon

expect "a user's limit is no domain" \
        lacks "$WORK/jettisond.log" "watching $(path_of user@1000.service/own)"
expect "a container's own label is not read" test "$(utility_of $container)" -eq 10
expect "the highest of a user is worth what the user is" test "$(utility_of user@1000.service/app)" -eq 10
expect "the others in proportion" test "$(utility_of user@1000.service/job)" -eq 5
expect "one that is called like a static pod's is one of them" test "$(utility_of $static)" -eq 0
expect "and may die" not sh -c "jettison snapshot --json | tr '{' '\n' | grep '$(path_of $static)' | grep protected.:true"
claim user@1000.service/app protect
claim $container protect
expect "protect is a number among the user's own" test "$(utility_of user@1000.service/app)" -eq 10
expect "and nothing elsewhere" test "$(utility_of $container)" -eq 10

fill_to 35
expect "the user's cheapest is shed first" wait_for 15 dead user@1000.service/job
wait_for 10 journal_has '"what":"outcome"' '"round":1'
fill_none
fill_to 35
wait_for 10 journal_has '"what":"outcome"' '"round":2'
fill_none
fill_to 35
wait_for 10 journal_has '"what":"outcome"' '"round":3'
expect "the one that claimed 1000 dies before one that is worth 20" dead $container
expect "so does the user's protected one" dead user@1000.service/app
expect "web lives" alive web
