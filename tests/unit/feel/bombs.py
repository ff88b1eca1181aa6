"""Expressions made to hang or to fill the memory. Each must end as an error of budget or syntax, or as null."""

BOMBS = {
    # loops
    "nested loops": "for a in 1..1000, b in 1..1000, c in 1..1000 return a*b*c",
    "loops inside loops": "for a in 1..9999 return for b in 1..9999 return for c in 1..9999 return 1",
    "a quantifier over pairs": "some a in 1..5000, b in 1..5000 satisfies a * b = -1",
    "every over triples": "every a in 1..500, b in 1..500, c in 1..500 satisfies a + b + c > 0",
    "a huge range": "for i in 1..1000000000000 return i",
    "a huge descending range": "for i in 0..-1000000000000 return i",
    "a huge range of dates": 'for d in @"-999999999-01-01"..@"999999999-12-31" return d',
    "counting a huge range": "count(for i in 1..20000 return i)",
    "a filter in a filter": "(for i in 1..9000 return i)[count((for j in 1..9000 return j)[item > 1]) > 1]",
    "sum of a loop in a loop": "sum(for i in 1..9000 return sum(for j in 1..9000 return i * j))",
    "partial results": "for i in 1..9999 return count(partial[item > 0])",
    "a list growing by itself": "for i in 1..5000 return partial",
    "string of nested partials": "string(for i in 1..60 return partial)",
    # lists
    "doubling a list": "{x0: [1], " + ", ".join(f"x{i}: concatenate(x{i - 1}, x{i - 1})" for i in range(1, 40)) + "}",
    "a tree of shared lists": "{x0: [1], " + ", ".join(f"x{i}: [x{i - 1}, x{i - 1}]" for i in range(1, 60)) + "}.x59",
    "comparing shared trees": "{x0: [1], "
    + ", ".join(f"x{i}: [x{i - 1}, x{i - 1}]" for i in range(1, 60))
    + ", y0: [1], "
    + ", ".join(f"y{i}: [y{i - 1}, y{i - 1}]" for i in range(1, 60))
    + ", same: x59 = y59}.same",
    "flattening a shared tree": "{x0: [1], "
    + ", ".join(f"x{i}: [x{i - 1}, x{i - 1}]" for i in range(1, 60))
    + ", flat: flatten(x59)}.flat",
    "printing a shared tree": "{x0: [1], "
    + ", ".join(f"x{i}: [x{i - 1}, x{i - 1}]" for i in range(1, 60))
    + ", s: string(x59)}.s",
    "distinct contexts": "distinct values(for i in 1..5000 return {a: i})",
    "union of contexts": "union(for i in 1..4000 return {a: i}, for i in 1..4000 return {a: -i})",
    "sorting with a slow function": "sort(for i in 1..9000 return -i, "
    + "function(a, b) count(for k in 1..99 return k) > a - b)",
    "index of in a loop": "for i in 1..9000 return index of((for j in 1..9000 return j), i)",
    "list contains in a loop": "{l: for j in 1..9000 return j, r: for i in l return list contains(l, i)}.r",
    "a matrix multiplied": "for a in 1..300, b in 1..300 return sum(for k in 1..300 return a * k * b)",
    "types of a long list": "{l: for j in 1..9000 return j, r: for i in l return l instance of list<number>}.r",
    "typed arguments": "{l: for j in 1..9000 return [j], "
    + "f: function(a: list<list<number>>) 1, r: for i in l return f(l)}",
    "the type of a shared tree": "{x0: [1], "
    + ", ".join(f"x{i}: [x{i - 1}, x{i - 1}]" for i in range(1, 50))
    + "}.x49 instance of "
    + "list<" * 50
    + "number"
    + ">" * 50,
    "zones that do not exist": 'for i in 1..9999 return time("10:00:00@Zone/" + string(i))',
    "long numbers as text": "for i in 1..9999 return string(9 ** 6000)",
    "context put in a loop": "for i in 1..9999 return context put({a: for j in 1..999 return j}, string(i), i)",
    "merging in a loop": "for i in 1..5000 return context merge(for j in 1..500 return {a: j})",
    # strings
    "doubling a string": '{s0: "ab", ' + ", ".join(f"s{i}: s{i - 1} + s{i - 1}" for i in range(1, 40)) + "}",
    "joining long strings": '{s: string join(for i in 1..9999 return "abcdefgh", ","), '
    + "t: string join(for i in 1..9999 return s)}",
    "replacing by more": '{s: "aaaaaaaaaaaaaaaa", '
    + 'a: replace(s, "a", "aaaaaaaaaaaaaaaa"), b: replace(a, "a", "aaaaaaaaaaaaaaaa"), '
    + 'c: replace(b, "a", "aaaaaaaaaaaaaaaa"), d: replace(c, "a", "aaaaaaaaaaaaaaaa")}',
    "splitting in a loop": '{s: string join(for i in 1..9999 return "a", ","), '
    + 't: for i in 1..999 return split(s, ",")}',
    # regular expressions
    "a quantifier in a quantifier": 'matches("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!", '
    + '"^((((a+)+)+)+)+(b|c|d){99}$")'
    + ' or count(for i in 1..9999 return matches("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!", "^(a+)+$")) > 0',
    "alternatives that overlap": "count(for i in 1..9999 return "
    + 'matches("aaaaaaaaaaaaaaaaaaaaaaaaaa!", "^(a|aa|aaa)+$")) > 0',
    "counted repetition": 'matches("a", "((a{100}){100}){100}")',
    "an enormous count": 'matches("a", "a{999999}")',
    "back-references": 'matches("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "^(a*)*(a*)*\\1\\2b$")',
    "a long text and a slow pattern": 'matches(string join(for i in 1..9999 return "a"), "(x+x+)+y") or '
    + 'matches(string join(for i in 1..9999 return "a"), "(.*)(.*)(.*)(.*)[^a]")',
    "replace with back-references": 'replace(string join(for i in 1..3000 return "ab"), "(a|b)*\\1c", "x")',
    "a pattern of parentheses": f'matches("a", "{"(" * 900}a{")" * 900}")',
    "a class of many parts": 'matches(string join(for i in 1..9999 return "a"), "[' + r"\\p{N}" * 300 + ']+!")',
    "patterns made in a loop": 'for i in 1..9999 return matches("a", "a{900}" + string(i))',
    "ignoring case over a long text": 'matches(string join(for i in 1..9999 return "ß"), "(x|y|ß)*!", "i")',
    # recursion
    "recursion without end": "{f: function(n) f(n + 1), r: f(1)}.r",
    "recursion that doubles": "{f: function(n) if n <= 0 then 1 else f(n - 1) + f(n - 1), r: f(60)}.r",
    "two functions calling each other": "{a: function(n) b(n), b: function(n) a(n), r: a(1)}.r",
    "a function applied to itself": "(function(f) f(f))(function(f) f(f))",
    "functions making functions": "{f: function(n) function(m) f(n)(m), r: f(1)(1)}.r",
    "a slow fibonacci": "{fib: function(n) if n < 2 then n else fib(n - 1) + fib(n - 2), r: fib(40)}.r",
    # size and depth of the text
    "a million parentheses": "(" * 1_000_000 + "1" + ")" * 1_000_000,
    "parentheses that just fit": "(" * 10_000 + "1" + ")" * 10_000,
    "a number of many digits": "9" * 100_000,
    "a number of many digits that fits": "9" * 20_000,
    "minus signs": "-" * 20_000 + "1",
    "nested lists": "[" * 15_000 + "]" * 15_000,
    "nested contexts": "{a:" * 8_000 + "1" + "}" * 8_000,
    "open ranges": "]1.." * 6_000 + "[" * 6_000,
    "nested ifs": "if true then " * 2_000 + "1" + " else 2" * 2_000,
    "a chain of else": "if a then 1 else " * 1_500 + "2",
    "a chain of additions": "1" + "+1" * 9_000,
    "a chain of filters": "a" + "[1]" * 5_000,
    "a chain of calls": "a" + "()" * 5_000,
    "a chain of paths": "a" + ".a" * 5_000,
    "nested types": "1 instance of " + "list<" * 3_000 + "number" + ">" * 3_000,
    "in within in": "1 in (" * 2_000 + "1" + ")" * 2_000,
    "functions in functions": "function(a) " * 3_000 + "a",
    "comments": "/*" * 15_000,
    # numbers
    "a tower of powers": "9 ** 9 ** 9 ** 9 ** 9",
    "powers in a loop": "for i in 1..9999 return 1.0000000000000000000000000000001 ** (i * 999999999999)",
    "logarithms in a loop": "for i in 1..9999 return log(exp(log(i)))",
    "shifting far": "decimal(1, 6176) + decimal(1, -6111)",
    "zones in a loop": 'for i in 1..9999 return date and time("2026-01-05T00:00:00@Asia/Shanghai") < '
    + 'date and time("2026-01-05T00:00:00@Europe/Paris") + duration("P1D") * i',
    "the largest dates": 'for i in 1..9999 return date("999999999-12-31") + duration("P999999999Y") * i',
    "ranges from text in a loop": 'for i in 1..9999 return range("[" + string(i) + ".." + string(i + 1) + "]")',
}
