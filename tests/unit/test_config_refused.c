/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the configuration refuses, word for word, with the line it stands on. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/base.h"
#include "config_fixture.h"

TestSuite(config_refused, .init = fixture_make, .fini = fixture_remove);

#define AMOUNT "expected a share or a size such as '10%', '4G' or '10%,4G', "
#define UTILITY "expected a utility: 0 to 1000, 'TIER:VALUE' with a tier of 0 to 15, or 'protect', "
#define PATTERN "expected a pattern of whole paths such as '/machine.slice/*', at most 4095 bytes, "
#define ABSOLUTE "expected an absolute path without '.', '..' and empty parts, at most 107 bytes, "
#define DOMAIN "expected 'host', 'auto' or the path of a cgroup such as '/machine.slice', "

Test(config_refused, refused)
{
        static const struct {
                const char *label, *text;
                const char *error;      /* behind "FILE:"; what jansson says of a syntax error is its own */
        } rows[] = {
                { "word for an amount", "{\n'trigger': {\n'available': 'ten'}}",
                  "3: trigger.available: " AMOUNT "found 'ten'" },
                { "number for an amount", "{'trigger':{'available':10}}",
                  "1: trigger.available: " AMOUNT "found 10" },
                { "null", "{'trigger':{'available':null}}", "1: trigger.available: " AMOUNT "found null" },
                { "list", "{'trigger':{'available':['10%']}}",
                  "1: trigger.available: " AMOUNT "found a list" },
                { "object", "{'trigger':{'available':{'x':1}}}",
                  "1: trigger.available: " AMOUNT "found an object" },
                { "long text",
                  "{'trigger':{'available':'0123456789012345678901234567890123456789012345678901234567890123'"
                  "}}",
                  "1: trigger.available: " AMOUNT
                  "found '01234567890123456789012345678901234567890123456789012345678..." },
                { "control bytes", "{'trigger':{'available':'\\u001b[31m'}}",
                  "1: trigger.available: " AMOUNT "found '\\u001B[31m'" },
                { "value for a group", "{'trigger':'10%'}", "1: trigger: expected an object, found '10%'" },
                { "object for a value", "{'feed':{}}",
                  "1: feed: expected 'auto' or 'files' or 'module', found an object" },
                { "misspelt word", "{'feed':'Files'}",
                  "1: feed: expected 'auto' or 'files' or 'module', found 'Files'" },
                { "text for a bool", "{'action':{'dry_run':'true'}}",
                  "1: action.dry_run: expected true or false, found 'true'" },
                { "number for a bool", "{'action':{'dry_run':1}}",
                  "1: action.dry_run: expected true or false, found 1" },
                { "fraction", "{'work':5000.0}",
                  "1: work: expected a whole number, from 1000 to 100000000, found 5000.0" },
                { "negative", "{'work':-1}",
                  "1: work: expected a whole number, from 1000 to 100000000, found -1" },
                { "would wrap 32 bits", "{'work':4294972296}",
                  "1: work: expected a whole number, from 1000 to 100000000, found 4294972296" },
                { "text for a number", "{'journal':{'keep':'4'}}",
                  "1: journal.keep: expected a whole number, at most 100, found '4'" },
                { "number for a size", "{'timer':{'fill_rate':6}}",
                  "1: timer.fill_rate: expected 'auto' or a size such as '4K', at most '1T', found 6" },
                { "bare number for a duration", "{'action':{'settle':'2'}}",
                  "1: action.settle: expected a duration such as '1s', from '10ms' to '1min', found '2'" },
                { "window the kernel refuses", "{'trigger':{'pressure_window':'499ms'}}",
                  "1: trigger.pressure_window: "
                  "expected a duration such as '1s', from '500ms' to '10s', found '499ms'" },
                { "no pressure at all", "{'trigger':{'pressure':'0%'}}",
                  "1: trigger.pressure: expected a share such as '20%', from '0.01%' to '100%', found '0%'" },
                { "unit of the score that means auto", "{'weight':{'oom_score_unit':'0'}}",
                  "1: weight.oom_score_unit: "
                  "expected 'auto' or a size such as '4K', at most '1T', found '0'" },
                { "capacity of nothing", "{'capacity':0}",
                  "1: capacity: expected 'dynamic', a whole number from 1 on or a size such as '4G', found "
                  "0" },
                { "capacity over 62 bits", "{'capacity':4611686018427387904}",
                  "1: capacity: expected 'dynamic', a whole number from 1 on or a size such as '4G', "
                  "found 4611686018427387904" },
                { "capacity as a share", "{'capacity':'10%'}",
                  "1: capacity: expected 'dynamic', a whole number from 1 on or a size such as '4G', found "
                  "'10%'" },
                { "utility too high", "{'labels':{'default':1001}}",
                  "1: labels.default: " UTILITY "found 1001" },
                { "utility, negative", "{'labels':{'default':-1}}",
                  "1: labels.default: " UTILITY "found -1" },
                { "utility, 32 bits more", "{'labels':{'default':4294967306}}",
                  "1: labels.default: " UTILITY "found 4294967306" },
                { "utility, word", "{'labels':{'default':'high'}}",
                  "1: labels.default: " UTILITY "found 'high'" },

                { "rules that are no list", "{'rules':{}}",
                  "1: rules: expected a list of rules, found an object" },
                { "a rule that is none", "{'rules':[\n{'match':'/a'},\n3]}",
                  "3: rules[1]: expected a rule such as { 'match': '/machine.slice/*', 'utility': 50 }, "
                  "found 3" },
                { "a rule without match", "{'rules':[\n{'utility':3}]}",
                  "2: rules[0]: expected a 'match', found none" },
                { "a rule that says both", "{'rules':[{'match':'/a','candidate':true,'ignore':true}]}",
                  "1: rules[0]: expected 'candidate' or 'ignore', found both" },
                { "malformed pattern", "{'rules':[{'match':'/a**'}]}",
                  "1: rules[0].match: " PATTERN "found '/a**'" },
                { "pattern that is not absolute", "{'rules':[{'match':'a'}]}",
                  "1: rules[0].match: " PATTERN "found 'a'" },
                { "utility of a rule", "{'rules':[{'match':'/a'},{'match':'/b',\n'utility':'x'}]}",
                  "2: rules[1].utility: " UTILITY "found 'x'" },
                { "unknown key of a rule", "{'rules':[{'match':'/a',\n\n'utilty':3}]}",
                  "3: rules[0].utilty: unknown key, did you mean 'utility'?" },
                { "key of the outer table in a rule", "{'rules':[{'feed':'auto'}]}",
                  "1: rules[0].feed: unknown key" },

                { "no domains", "{'domains':[]}", "1: domains: expected 1 to 256 domains, found 0" },
                { "domains that are no list", "{'domains':'host'}",
                  "1: domains: expected a list of 'host', 'auto' and paths of cgroups, found 'host'" },
                { "domain that is no text", "{'domains':['host',\n7]}", "2: domains[1]: " DOMAIN "found 7" },
                { "domain with ..", "{'domains':['/a/../b']}", "1: domains[0]: " DOMAIN "found '/a/../b'" },
                { "domain that is the root", "{'domains':['/']}", "1: domains[0]: " DOMAIN "found '/'" },
                { "domain with a slash too many", "{'domains':['/a/']}",
                  "1: domains[0]: " DOMAIN "found '/a/'" },
                { "domain twice", "{'domains':['/a','/b','/a']}",
                  "1: domains[2]: expected every domain once, found '/a' again" },
                { "host twice", "{'domains':['host','host']}",
                  "1: domains[1]: expected every domain once, found 'host' again" },

                { "relative socket", "{'control':{'path':'run/x'}}",
                  "1: control.path: " ABSOLUTE "found 'run/x'" },
                { "no socket", "{'control':{'path':''}}", "1: control.path: " ABSOLUTE "found ''" },
                { "newline in a path", "{'control':{'path':'/run/\\n'}}",
                  "1: control.path: " ABSOLUTE "found '/run/\\n'" },
                { "group with a colon", "{'control':{'group':'a:b'}}",
                  "1: control.group: expected the name of a group, or '', at most 32 bytes, found 'a:b'" },

                { "unknown key", "{'xyzzy':1}", "1: xyzzy: unknown key" },
                { "empty key", "{'':1}", "1: : unknown key" },
                { "letters swapped", "{'trigger':{'avialable':'1%'}}",
                  "1: trigger.avialable: unknown key, did you mean 'trigger.available'?" },
                { "group misspelt", "{'triger':{'available':'1%'}}",
                  "1: triger: unknown key, did you mean 'trigger'?" },
                { "plural", "{'domain':[]}", "1: domain: unknown key, did you mean 'domains'?" },
                { "capital", "{'Feed':'auto'}", "1: Feed: unknown key, did you mean 'feed'?" },
                { "dotted key", "{'trigger.available':'1%'}",
                  "1: trigger.available: unknown key, a dot stands for an object inside an object" },
                { "dotted key inside", "{'trigger':{'trigger.available':'1%'}}",
                  "1: trigger.trigger.available: unknown key, a dot stands for an object inside an object" },
                { "comment", "{'//':'x'}", "1: //: unknown key" },
                { "key with control bytes", "{'\\u001b[31m':1}", "1: ?[31m: unknown key" },

                { "target below the trigger", "{\n'target':{'available':'9%,6G'}}",
                  "2: target.available: "
                  "expected no less than trigger.available, which is '10%,4G', found '9%,6G'" },
                { "target below the trigger in bytes", "{'target':{'available':'3G'}}",
                  "1: target.available: "
                  "expected no less than trigger.available, which is '10%,4G', found '3G'" },
                { "trigger above the target", "{'trigger':{\n'available':'20%'}}",
                  "2: trigger.available: "
                  "expected no more than target.available, which is '15%,6G', found '20%'" },
                { "trigger above the arming line", "{'trigger':{'available':'31%'}}",
                  "1: trigger.available: "
                  "expected no more than arm.available, which is '30%', found '31%'" },
                { "swap", "{'target':{'swap':'5%'}}",
                  "1: target.swap: expected no less than trigger.swap, which is '10%', found '5%'" },
                { "timers", "{'timer':{'min':'11s'}}",
                  "1: timer.min: expected no more than timer.max, which is '10s', found '11s'" },
                { "timers, both said", "{'timer':{'min':'2s',\n'max':'1s'}}",
                  "2: timer.max: expected no less than timer.min, which is '2s', found '1s'" },

                { "key and value on two lines: the key's", "{\n\n'feed'\n:\n1}",
                  "3: feed: expected 'auto' or 'files' or 'module', found 1" },
                { "brackets and quotes in texts before it",
                  "{'journal':{'path':'/a}]{[\\',\\\\'},\n'control':{'group':''},\n'feed':1}",
                  "3: feed: expected 'auto' or 'files' or 'module', found 1" },
                { "lists before it",
                  "{'domains':['host',\n'auto',\n'/a,b'],'rules':[{'match':'/a'}\n,"
                  "{'match':'/b'}],\n'feed':1}",
                  "5: feed: expected 'auto' or 'files' or 'module', found 1" },
                { "empty lists and objects before it", "{'rules':[\n],'timer':{\n},'feed':1}",
                  "3: feed: expected 'auto' or 'files' or 'module', found 1" },
                { "the same names elsewhere", "{'group':{'path':'auto'},\n'control':{'group':'',\n'path':7}}",
                  "3: control.path: " ABSOLUTE "found 7" },
                { "carriage returns", "{\r\n'feed':1\r\n}",
                  "2: feed: expected 'auto' or 'files' or 'module', found 1" },

                { "nothing", "", "1: not JSON: " },
                { "blanks", " \n\n", "3: not JSON: " },
                { "list", "[]", "1: expected an object, found a list" },
                { "lone value", "5", "1: not JSON: " },
                { "comma too many", "{\n'feed':'auto',\n}", "3: not JSON: " },
                { "two documents", "{}\n{}", "2: not JSON: " },
                { "comment in the text", "{\n// x\n}", "2: not JSON: " },
                { "same key twice", "{'feed':'auto',\n'feed':'auto'}", "2: not JSON: " },
                { "same key twice, once escaped", "{'feed':'auto','\\u0066eed':'auto'}", "1: not JSON: " },
                { "same key twice, inside", "{'timer':{'min':'1s','min':'1s'}}", "1: not JSON: " },
                { "infinite number", "{'work':1e999}", "1: not JSON: " },
                { "number over 64 bits", "{'work':99999999999999999999}", "1: not JSON: " },
        };

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                CLEANUP(free_p) char *text = quoted(rows[i].text);
                CLEANUP(free_p) char *message = quoted(rows[i].error);
                CLEANUP(free_p) char *want = NULL;
                struct config_error error;

                cr_assert(asprintf(&want, "%s:%s", fixture_path, message) > 0);
                load_bad(rows[i].label, text, strlen(text), &error);
                if (strstr(message, "not JSON: "))
                        error.text[strlen(want)] = '\0';
                cr_expect(strcmp(error.text, want) == 0, "%s:\n  got  %s\n  want %s", rows[i].label,
                          error.text, want);
        }
}
