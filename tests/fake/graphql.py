# SPDX-License-Identifier: BSD-2-Clause
"""As much of GraphQL as a server needs to answer whoever follows the rules:
documents parsed, @include and @skip obeyed, unknown fields refused."""
import re

TOKEN = re.compile(r'[\s,]*(?:#[^\n]*[\s,]*)*'
                   r'(\.\.\.|[!$&():=@\[\]{|}]|"(?:\\.|[^"\\\n])*"|-?\d+(?:\.\d+)?|[A-Za-z_]\w*)')


class Refused(Exception):
    """The document is not one this server can answer."""


class Variable(str):
    """The name of a variable where a value may stand."""


def _tokens(text):
    at, out = 0, []
    while at < len(text.rstrip(", \t\r\n")):
        found = TOKEN.match(text, at)
        if not found:
            raise Refused(f"Syntax Error: unexpected character at {at}")
        out.append(found.group(1))
        at = found.end()
    return out


class _Parser:
    def __init__(self, text):
        self.tokens, self.at = _tokens(text), 0

    def peek(self):
        return self.tokens[self.at] if self.at < len(self.tokens) else None

    def take(self, wanted=None):
        token = self.peek()
        if token is None or (wanted and token != wanted):
            raise Refused(f"Syntax Error: expected {wanted or 'more'}, found {token}")
        self.at += 1
        return token

    def maybe(self, token):
        if self.peek() == token:
            self.at += 1
            return True
        return False

    def value(self):
        token = self.take()
        if token == "$":
            return Variable(self.take())
        if token == "[":
            out = []
            while not self.maybe("]"):
                out.append(self.value())
            return out
        if token == "{":
            return self.pairs("}")
        if token[0] == '"':
            return token[1:-1].encode().decode("unicode_escape")
        if re.fullmatch(r"-?\d+", token):
            return int(token)
        return {"true": True, "false": False, "null": None}.get(token, token)

    def pairs(self, end):
        out = {}
        while not self.maybe(end):
            name = self.take()
            self.take(":")
            out[name] = self.value()
        return out

    def directives(self):
        out = []
        while self.maybe("@"):
            name = self.take()
            out.append((name, self.pairs(")") if self.maybe("(") else {}))
        return out

    def selections(self):
        out = []
        self.take("{")
        while not self.maybe("}"):
            name = alias = self.take()
            if self.maybe(":"):
                name = self.take()
            arguments = self.pairs(")") if self.maybe("(") else {}
            directives = self.directives()
            inner = self.selections() if self.peek() == "{" else None
            out.append({"alias": alias, "name": name, "arguments": arguments,
                        "directives": directives, "selections": inner})
        return out

    def type(self):
        text = self.take()
        if text == "[":
            text += self.type() + self.take("]")
        return text + "!" if self.maybe("!") else text

    def variables(self):
        out = {}
        while not self.maybe(")"):
            self.take("$")
            name = self.take()
            self.take(":")
            out[name] = self.type()
            if self.maybe("="):
                self.value()
        return out


def parse(text):
    """(operation, {variable: type}, selections) of a document of one operation."""
    parser = _Parser(text)
    operation, variables = "query", {}
    if parser.peek() != "{":
        operation = parser.take()
        if operation not in ("query", "mutation"):
            raise Refused(f"Syntax Error: unexpected {operation}")
        if parser.peek() not in ("(", "{", "@"):
            parser.take()
        if parser.maybe("("):
            variables = parser.variables()
    selections = parser.selections()
    if parser.peek() is not None:
        raise Refused("only one operation is understood")
    return operation, variables, selections


def check_variables(declared, given):
    for name, kind in declared.items():
        if kind.endswith("!") and given.get(name) is None:
            raise Refused(f'Variable "${name}" of required type "{kind}" was not provided.')


def resolve(value, variables):
    """A value with its variables replaced."""
    if isinstance(value, Variable):
        return variables.get(value)
    if isinstance(value, list):
        return [resolve(v, variables) for v in value]
    if isinstance(value, dict):
        return {k: resolve(v, variables) for k, v in value.items()}
    return value


def _wanted(selection, variables):
    for name, arguments in selection["directives"]:
        on = resolve(arguments.get("if"), variables)
        if (name == "include" and not on) or (name == "skip" and on):
            return False
    return True


def select(value, selections, variables):
    """What of a value was asked for; objects are dicts of all their fields."""
    if isinstance(value, list):
        return [select(v, selections, variables) for v in value]
    if value is None or selections is None:
        if isinstance(value, dict):
            raise Refused("a field of an object type must have a selection of subfields")
        return value
    out = {}
    for selection in selections:
        if not _wanted(selection, variables):
            continue
        if selection["name"] not in value:
            raise Refused(f'Cannot query field "{selection["name"]}".')
        out[selection["alias"]] = select(value[selection["name"]], selection["selections"],
                                         variables)
    return out


def execute(text, variables, roots):
    """The data of a document; roots: {operation: {field: function(arguments)}}."""
    operation, declared, selections = parse(text)
    check_variables(declared, variables)
    for selection in selections:
        if selection["name"] not in roots[operation]:
            raise Refused(f'Cannot query field "{selection["name"]}" on {operation}.')
    out = {}
    for selection in selections:
        if _wanted(selection, variables):
            value = roots[operation][selection["name"]](
                resolve(selection["arguments"], variables))
            out[selection["alias"]] = select(value, selection["selections"], variables)
    return out
