#!/bin/sh
# Greets, in the words that are asked for.

greeting='Hello, world!'
while [ "$#" -gt 0 ]; do
    case $1 in
        -g | --greeting)
            greeting=$2
            shift
            ;;
        --greeting=*) greeting=${1#*=} ;;
        -t | --traditional) greeting='hello, world' ;;
        -v | --version)
            echo 'hello @version@ (of the lab)'
            exit 0
            ;;
        *)
            echo "hello: unrecognized option '$1'" >&2
            exit 1
            ;;
    esac
    shift
done
printf '%s\n' "$greeting"
