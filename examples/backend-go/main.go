// A Holdfast backend in Go's standard library.
package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
)

type call struct {
	Socket struct{ ID string }
	Event  string
	Args   []any
}

type object map[string]any

var methods = map[string]func(call) object{
	"OnConnect": func(c call) object {
		return object{"actions": []object{{"emit": object{"event": "welcome", "args": []any{c.Socket.ID}}}}}
	},
	"OnMessage": func(c call) object {
		passedOn := object{"to": object{"everyone": true}, "event": c.Event, "args": c.Args}
		return object{"ack": object{"args": []any{"heard"}}, "actions": []object{{"emit": passedOn}}}
	},
}

func main() {
	for name, method := range methods {
		http.HandleFunc("/holdfast.v1.BackendService/"+name, func(w http.ResponseWriter, r *http.Request) {
			var c call
			if err := json.NewDecoder(r.Body).Decode(&c); err != nil {
				http.Error(w, `{"code":"invalid_argument"}`, http.StatusBadRequest)
				return
			}
			w.Header().Set("content-type", "application/json")
			json.NewEncoder(w).Encode(method(c))
		})
	}
	listener, err := net.Listen("tcp", "127.0.0.1:"+cmp.Or(os.Getenv("PORT"), "3000"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("backend on http://%s\n", listener.Addr())
	log.Fatal(http.Serve(listener, nil))
}
